"""Rules about the keys of the file: a tool must know each key, and each may appear only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

CONDA_KEYS = ("name", "channels", "dependencies", "prefix", "variables")
LOCKER_KEYS = ("platforms", "category", "pip-repositories", "allow-pypi-requests")
"""Keys that only conda-lock reads; conda ignores them with a message."""


@rule("unknown-key", "warning")
def unknown_key(entries: Entries, config: Config) -> Iterator[Problem]:
    """A key is unknown to every tool: its value is ignored."""
    known = CONDA_KEYS + LOCKER_KEYS
    for pair in entries.file.keys:
        name = pair.key.value
        # 'x-…' is the convention for anchors, and '<<' merges one in.
        if name in known or name.startswith(("x-", ".")) or name == "<<" or pair.key.kind == "mapping":
            continue
        meant = _close(name, known)
        present = {other.key.value for other in entries.file.keys}
        fix = None
        if meant and meant not in present and not pair.key.quoted:
            fix = Fix(f"rename '{name}' to '{meant}'", (Edit(pair.key.span, meant),), "unsafe")
        yield Problem(
            pair.key.span,
            f"unknown key '{name}': conda ignores its value",
            f"did you mean '{meant}'?" if meant else f"use a key that conda reads: {', '.join(CONDA_KEYS)}",
            fix,
        )


@rule("duplicate-key", "error")
def duplicate_key(entries: Entries, config: Config) -> Iterator[Problem]:
    """A key appears twice: conda rejects the file, and tools based on PyYAML silently keep the last one."""
    file = entries.file
    yield from _twice([pair.key for pair in file.keys], "the file")
    yield from _twice([pair.key for pair in file.variables], "'variables:'")
    mappings: dict[int, list[Item]] = {}
    for entry in file.dependencies:
        if not isinstance(entry, Item):
            mappings.setdefault(entry.mapping_at, []).append(entry.key)
    for keys in mappings.values():
        yield from _twice(keys, "one entry")


@rule("prefix-key", "warning")
def prefix_key(entries: Entries, config: Config) -> Iterator[Problem]:
    """``prefix:`` is a directory of the machine that exported the file; newer conda installs into it."""
    pair = entries.file.key("prefix")
    if pair is None:
        return
    source = entries.file.source
    edits = (
        () if pair.key.flow else (edit.remove_lines(source, Span(pair.key.span.start, pair.value.span.end)),)
    )
    path = pair.value.value or "prefix:"
    yield Problem(
        Span(pair.key.span.start, pair.value.span.end),
        f"'{path}' is a directory of one machine, and newer conda installs into it",
        "delete the line; pass a location with 'conda env create --prefix'",
        Fix("delete 'prefix:'", edits, "safe") if edits else None,
    )


def _twice(keys: Sequence[Item], where: str) -> Iterator[Problem]:
    if len({key.value for key in keys}) == len(keys):
        return
    first: dict[str, Item] = {}
    for key in keys:
        if key.kind in ("mapping", "sequence") or key.value not in first:
            first.setdefault(key.value, key)
            continue
        yield Problem(
            key.span,
            f"duplicate key '{key.value}' in {where}: conda rejects the file, other tools keep only the last one",
            "merge the two, or delete one",
            also=((first[key.value].span, "first defined here"),),
        )


_CLOSE = 0.75
"""The similarity (0 to 1, as in difflib) from which one name counts as a typo of another."""


def _close(name: str, known: tuple[str, ...]) -> str:
    if not any(_shares_letters(name.lower(), other) for other in known):
        return ""
    import difflib

    return next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=_CLOSE)), "")


def _shares_letters(one: str, other: str) -> bool:
    """Return whether two names can be similar at all, which is cheaper than importing difflib."""
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared >= _CLOSE * (len(one) + len(other))
