"""The workflows in ``.github/workflows``: those of ``docs/workflows``, which the tests run."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from conda_lockstep.cli.environment.init.planned_file import Planned, is_older, read
from conda_lockstep.cli.environment.init.yaml_check import same_except_ours
from conda_lockstep.environment import edit
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.yaml_limits import children
from conda_lockstep.text.yaml_nodes import compose_any

FOLDER = Path(".github/workflows")
FIRST = "pull-request"
"""The workflow that a repository gets where none is named."""

_ACTION = re.compile(r"[\w.-]+/conda-lockstep@(\S+)")
_USES = re.compile(r"(\buses: [\w.-]+/conda-lockstep@)([^\s#]+)")


class Use(NamedTuple):
    """A place where a workflow uses the Action: the ref after the ``@``, and its span."""

    ref: str
    span: Span


def plan(root: Path, tag: str, names: Sequence[str] = ()) -> list[Planned]:
    """Plan workflows by the names of their templates, and the Action's version moved up in those that use it.

    Without names it is the one for pull requests, where no workflow uses the Action yet. Raises ``LockstepError`` where
    a workflow would have to lie where another does.
    """
    planned = [_moved(source, uses, tag) for source, uses in _using(root)]
    present = {each.path for each in planned}
    written: dict[Path, str] = {}
    for name in names or ([] if planned else [FIRST]):
        template = _template(f"{name}.yml")
        path = FOLDER / _target(template)
        if path in written and written[path] != name:
            what = f"{written[path]} and {name} are one workflow in two forms"
            raise LockstepError(what, where=str(path), remedy="name one of the two")
        if path not in present and path not in written:
            planned.append(_written(root, template, path, tag))
        written[path] = name
    return planned


def _target(template: str) -> str:
    """Return the name that a template says it is to be copied to."""
    match = re.search(r"^# Copy to \.github/workflows/([\w-]+\.yml)", template, re.MULTILINE)
    if match is None:
        raise ValueError("a template says where it is to be copied to")
    return match[1]


def _using(root: Path) -> Iterator[tuple[Source, list[Use]]]:
    for path in sorted((root / FOLDER).glob("*.y*ml")):
        name = path.relative_to(root)
        text = read(root, name)
        if text and "conda-lockstep@" in text:
            source = Source.of(name.as_posix(), text)
            uses = list(_uses(source))
            if uses:
                yield source, uses


def _uses(source: Source) -> Iterator[Use]:
    """Yield where a workflow uses the Action: values of ``uses:`` keys, not comments or scripts."""
    root = compose_any(source, remedy="correct the workflow")
    stack = [root] if root is not None else []
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        stack += reversed(children(node))
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            match = (
                _ACTION.fullmatch(value.value)
                if key.value == "uses" and isinstance(value, yaml.ScalarNode)
                else None
            )
            at = source.text.find(value.value, value.start_mark.index, value.end_mark.index) if match else -1
            if match and at >= 0:
                yield Use(match[1], Span(at + match.start(1), at + match.end(1)))


def _moved(source: Source, uses: Sequence[Use], tag: str) -> Planned:
    old = [use for use in uses if is_older(use.ref, tag)]
    after = edit.apply(source, [edit.Edit(use.span, tag) for use in old])
    if old and not same_except_ours(source.path, source.text, after.removeprefix("\ufeff"), _without_refs):
        what, remedy = "cannot be edited without changing more", f"change '@{old[0].ref}' to '@{tag}' by hand"
        raise LockstepError(what, where=source.path, remedy=remedy)
    done = f"moved from {old[0].ref} to {tag}" if old else f"unchanged, uses the Action at {uses[0].ref}"
    return Planned(Path(source.path), source.content, after, done)


def _without_refs(document: object) -> object:
    """Return the values of a workflow with the version of our Action left out."""
    if isinstance(document, dict):
        return {
            key: ""
            if key == "uses" and isinstance(value, str) and _ACTION.fullmatch(value)
            else _without_refs(value)
            for key, value in document.items()
        }
    return [_without_refs(item) for item in document] if isinstance(document, list) else document


def _written(root: Path, template: str, path: Path, tag: str) -> Planned:
    if read(root, path) is not None:
        remedy = "rename it, or say --no-workflows"
        raise LockstepError("a workflow of this name does something else", where=str(path), remedy=remedy)
    text = re.sub(r"^# Copy to .*\n", "", template, flags=re.MULTILINE)
    text = _USES.sub(lambda match: match[1] + tag, text)
    what = template.partition("\n")[0].removeprefix("# ").rstrip(".")
    description = f"written: {what[0].lower()}{what[1:]}"
    if "branches: [main]" in text:
        branch = _default_branch(root)
        listed = branch if re.fullmatch(r"[\w./-]+", branch) else json.dumps(branch)
        text = text.replace("branches: [main]", f"branches: [{listed}]")
        description += f"; and pushes to {branch}"
    return Planned(path, None, text, description)


def _template(name: str) -> str:
    # In a wheel the templates are inside the package; in a checkout that is installed in place they are not.
    package = Path(__file__).parents[3]
    for folder in (package / "workflows", package.parents[1] / "docs" / "workflows"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise LockstepError("this installation carries no workflows", remedy="install the wheel again")


def _default_branch(root: Path) -> str:
    """Return what the remote's HEAD says, else ``main`` or ``master`` where it is there, else the current branch."""
    remote = _git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    if remote:
        return remote
    local = _git(root, "branch", "--list", "--format=%(refname:short)", "main", "master").splitlines()
    return local[0] if local else _git(root, "symbolic-ref", "--short", "HEAD") or "main"


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
