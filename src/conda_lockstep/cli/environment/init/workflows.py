"""The workflows in ``.github/workflows``: those of ``docs/workflows``, which the tests run."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_lockstep.cli.environment.init.planned_file import Planned, is_older, read
from conda_lockstep.errors import LockstepError

FOLDER = Path(".github/workflows")
FIRST = "pull-request"
"""The workflow that a repository gets where none is named."""

_USES = re.compile(r"""(\buses:\s*["']?[\w.-]+/conda-lockstep@)([^\s"'#]+)""")


def plan(root: Path, tag: str, names: Sequence[str] = ()) -> list[Planned]:
    """Plan workflows by the names of their templates, and the Action's version moved up in those that use it.

    Without names it is the one for pull requests, where no workflow uses the Action yet. Raises ``LockstepError`` where
    a workflow would have to lie where another does.
    """
    planned = [_moved(path, text, tag) for path, text in _using(root)]
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


def _using(root: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted((root / FOLDER).glob("*.y*ml")):
        text = read(root, path.relative_to(root))
        if text and _USES.search(text):
            yield path.relative_to(root), text


def _moved(path: Path, text: str, tag: str) -> Planned:
    refs = [match[2] for match in _USES.finditer(text)]
    old = [ref for ref in refs if is_older(ref, tag)]
    after = _USES.sub(lambda match: match[1] + (tag if match[2] in old else match[2]), text)
    what = f"moved from {old[0]} to {tag}" if old else f"unchanged, uses the Action at {refs[0]}"
    return Planned(path, text, after, what)


def _written(root: Path, template: str, path: Path, tag: str) -> Planned:
    if read(root, path) is not None:
        remedy = "rename it, or say --no-workflows"
        raise LockstepError("a workflow of this name does something else", where=str(path), remedy=remedy)
    text = re.sub(r"^# Copy to .*\n", "", template, flags=re.MULTILINE)
    text = _USES.sub(lambda match: match[1] + tag, text)
    what = template.partition("\n")[0].removeprefix("# ").rstrip(".")
    told = f"written: {what[0].lower()}{what[1:]}"
    if "branches: [main]" in text:
        branch = _default_branch(root)
        listed = branch if re.fullmatch(r"[\w./-]+", branch) else json.dumps(branch)
        text = text.replace("branches: [main]", f"branches: [{listed}]")
        told += f"; and pushes to {branch}"
    return Planned(path, None, text, told)


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
