"""The entry in ``.pre-commit-config.yaml``: edits of the text, so that all else stays byte for byte as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from conda_lockstep.cli.environment.init.planned_file import Planned, is_older, read
from conda_lockstep.cli.environment.init.yaml_check import same_except_ours
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.yaml_nodes import compose_any
from conda_lockstep.text.yaml_values import load

CONFIG, PREK_CONFIG, PREK_TOML = (
    Path(".pre-commit-config.yaml"),
    Path(".pre-commit-config.yml"),
    Path("prek.toml"),
)
REPOSITORY = "https://github.com/conda-lockstep/conda-lockstep"
HOOKS = ("lockstep",)
"""The hooks of a new entry: the rules of every family, with their safe fixes applied."""


def plan(root: Path, tag: str) -> Planned:
    """Plan the entry: a new one if none of our hooks is configured, else ``rev`` updated to this version's tag."""
    path = _config(root)
    before = read(root, path)
    if before is None and (root / PREK_TOML).exists():
        raise _by_hand("lockstep init does not edit this file", PREK_TOML, tag)
    source = Source.of(str(path), before or "")
    after, what = _edited(source, tag)
    if after != source.content and not _only_ours_changed(
        source.path, source.text, after.removeprefix("\ufeff"), tag
    ):
        raise _by_hand("cannot be edited without changing more", path, tag)
    return Planned(path, before, after, what)


def _config(root: Path) -> Path:
    """Return the file that pre-commit reads, or its other name, which prek reads too."""
    others = not (root / CONFIG).exists() and (root / PREK_CONFIG).exists()
    return PREK_CONFIG if others else CONFIG


def _edited(source: Source, tag: str) -> tuple[str, str]:
    """Return the new content, and in words what was done."""
    document = _compose(source)
    repos = next((value for key, value in _pairs(document) if key == "repos"), None)
    entries = repos.value if isinstance(repos, yaml.SequenceNode) else []
    ours = [entry for entry in entries if _is_ours(entry)]
    if ours:
        return _moved(source, ours, tag)
    own = [name for entry in entries for name in _hook_names(entry) if name.startswith("lockstep")]
    if own:
        return source.content, f"unchanged, runs {_listed(own)} from another repository"
    return edit.apply(source, [_added(source, repos, tag)]), f"added {_listed(HOOKS)} at {tag}"


def _moved(source: Source, ours: Sequence[yaml.Node], tag: str) -> tuple[str, str]:
    edits, done = [], []
    for entry in ours:
        names = _listed(_hook_names(entry))
        rev = next((value for key, value in _pairs(entry) if key == "rev"), None)
        if not isinstance(rev, yaml.ScalarNode):
            where = _place(source, entry)
            raise LockstepError("this entry has no 'rev:'", where=where, remedy=f"add 'rev: {tag}' to it")
        if is_older(rev.value, tag):
            quote = 1 if rev.style in ("'", '"') else 0
            edits.append(Edit(Span(rev.start_mark.index + quote, rev.end_mark.index - quote), tag))
            done.append(f"moved {names} from {rev.value} to {tag}")
        else:
            done.append(f"unchanged, has {names} at {rev.value}")
    return edit.apply(source, edits), "; ".join(done)


def _added(source: Source, repos: yaml.Node | None, tag: str) -> Edit:
    """Return the edit that adds an entry after the last one, or the list if it is missing."""
    newline = source.newline
    if isinstance(repos, yaml.SequenceNode) and repos.value:
        return _after_last(source, repos, tag)
    block = _block(tag, newline)
    if repos is None:
        end = len(source.text)
        parted = newline if source.text and not source.text.endswith(("\n", "\r")) else ""
        return Edit(Span(end, end), f"{parted}repos:{newline}{block}")
    # An empty list, or nothing: the block takes its place, and the blank before it goes.
    start, end = repos.start_mark.index, repos.end_mark.index
    start -= source.text[:start].endswith(" ")
    return Edit(Span(start, end), newline + block.removesuffix(newline))


def _after_last(source: Source, repos: yaml.SequenceNode, tag: str) -> Edit:
    last = repos.value[-1]
    if repos.flow_style:
        wanted = ", ".join(f"{{id: {name}, args: [--fix]}}" for name in HOOKS)
        place = Span(last.end_mark.index, last.end_mark.index)
        return Edit(place, f", {{repo: {REPOSITORY}, rev: {tag}, hooks: [{wanted}]}}")
    first = source.position(last.start_mark.index)[0]
    dash = edit.dash_of(source, first)
    line = source.position(_end(source, last) - 1)[0]
    # Comments that are indented like the entry are about the entry.
    while line < len(source.line_starts) and _is_comment_below(source.line(line + 1), dash):
        line += 1
    hooks = next((value for key, value in _pairs(last) if key == "hooks"), None)
    offset = (
        hooks.start_mark.column - len(dash)
        if isinstance(hooks, yaml.SequenceNode) and not hooks.flow_style
        else 2
    )
    block = _block(tag, source.newline, dash, max(offset, 0))
    if len(repos.value) > 1 and not source.line(first - 1).strip():
        block = source.newline + block
    end = source.line_span(line).end
    if not source.text[:end].endswith(("\n", "\r")):
        block = source.newline + block.removesuffix(source.newline)
    return Edit(Span(end, end), block)


def _block(tag: str, newline: str, dash: str = "  - ", offset: int = 2) -> str:
    """Return an entry in the layout of its neighbours: ``dash`` opens it, ``offset`` indents the list of hooks."""
    inner = " " * len(dash)
    opening = dash.lstrip()
    lines = [f"{dash}repo: {REPOSITORY}", f"{inner}rev: {tag}", f"{inner}hooks:"]
    for name in HOOKS:
        lines += [f"{inner}{' ' * offset}{opening}id: {name}"]
        lines += [f"{inner}{' ' * offset}{' ' * len(opening)}args: [--fix]"]
    return "".join(f"{line}{newline}" for line in lines)


def _only_ours_changed(path: str, before: str, after: str, tag: str) -> bool:
    """Return whether the result has an entry of ours at the tag, and everything else as it was."""
    if not same_except_ours(path, before, after, _others):
        return False
    return any(_is_our_entry(entry) and entry.get("rev") == tag for entry in _repos(load(after, path)))


def _by_hand(what: str, path: Path, tag: str) -> LockstepError:
    remedy = f"add the repo {REPOSITORY} at rev {tag} with the hook {_listed(HOOKS)} by hand"
    return LockstepError(what, where=str(path), remedy=remedy)


def _others(document: object) -> object:
    """Return a configuration without our entries; an empty file is one without any."""
    config = document if isinstance(document, dict) else {}
    if config.get("repos") is not None and not isinstance(config["repos"], list):
        return config
    return {**config, "repos": [entry for entry in _repos(config) if not _is_our_entry(entry)]}


def _repos(config: object) -> list[Any]:
    repos = config.get("repos") if isinstance(config, dict) else None
    return repos if isinstance(repos, list) else []


def _is_our_entry(entry: object) -> bool:
    return isinstance(entry, dict) and _names_us(str(entry.get("repo")))


def _compose(source: Source) -> yaml.MappingNode | None:
    document = compose_any(source, remedy="correct the file")
    if isinstance(document, yaml.SequenceNode):
        remedy = "run 'pre-commit migrate-config'"
        raise LockstepError(
            "this is a list, the format of pre-commit before 1.0", where=source.path, remedy=remedy
        )
    if document is not None and not isinstance(document, yaml.MappingNode):
        raise LockstepError("not a configuration of pre-commit", where=source.path, remedy="correct the file")
    return document


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def _is_ours(entry: yaml.Node) -> bool:
    return any(key == "repo" and _names_us(str(value.value)) for key, value in _pairs(entry))


def _names_us(url: str) -> bool:
    return re.search(r"(?:^|[/:])conda-lockstep(?:\.git)?/?$", url) is not None


def _hook_names(entry: yaml.Node) -> list[str]:
    listed = next((value for key, value in _pairs(entry) if key == "hooks"), None)
    hooks = listed.value if isinstance(listed, yaml.SequenceNode) else []
    return [str(value.value) for hook in hooks for key, value in _pairs(hook) if key == "id"]


def _end(source: Source, node: yaml.Node) -> int:
    """Return where a node's text ends: a block's own mark is where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        children = (
            child for entry in node.value for child in (entry if isinstance(entry, tuple) else (entry,))
        )
        return max(_end(source, child) for child in children)
    start, end = node.start_mark.index, node.end_mark.index
    return start + len(source.text[start:end].rstrip())


def _is_comment_below(line: str, dash: str) -> bool:
    indent = len(line) - len(line.lstrip())
    return line.lstrip().startswith("#") and indent > len(dash) - len(dash.lstrip())


def _place(source: Source, node: yaml.Node) -> Location:
    return source.location(node.start_mark.index)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
