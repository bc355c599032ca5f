"""Are the keys of the file those that conda knows, each once?"""

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
"""What conda-lock reads besides; conda ignores it with a message."""


@rule("unknown-key", "warning")
def unknown_key(entries: Entries, config: Config) -> Iterator[Problem]:
    """A key that no tool reads: what stands behind it is ignored."""
    known = CONDA_KEYS + LOCKER_KEYS
    for pair in entries.file.keys:
        name = pair.key.value
        # 'x-…' holds anchors by custom, and '<<' merges one in.
        if name in known or name.startswith(("x-", ".")) or name == "<<" or pair.key.kind == "mapping":
            continue
        meant = _close(name, known)
        present = {other.key.value for other in entries.file.keys}
        fix = None
        if meant and meant not in present and not pair.key.quoted:
            fix = Fix(f"write '{meant}' for '{name}'", (Edit(pair.key.span, meant),), "unsafe")
        yield Problem(
            pair.key.span,
            f"conda knows no key '{name}' and ignores what stands behind it",
            f"did you mean '{meant}'?" if meant else f"conda reads {', '.join(CONDA_KEYS)}",
            fix,
        )


@rule("duplicate-key", "error")
def duplicate_key(entries: Entries, config: Config) -> Iterator[Problem]:
    """A key stands twice: conda refuses the file, tools on PyYAML silently keep the last."""
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
    """``prefix:`` is a folder of the machine that wrote the file; newer conda installs into it."""
    pair = entries.file.key("prefix")
    if pair is None:
        return
    source = entries.file.source
    edits = (
        () if pair.key.flow else (edit.remove_lines(source, Span(pair.key.span.start, pair.value.span.end)),)
    )
    what = f"'{pair.value.value}' is" if pair.value.value else "'prefix:' stands for"
    yield Problem(
        Span(pair.key.span.start, pair.value.span.end),
        f"{what} a folder of one machine, and newer conda installs into it",
        "delete the line; say where with 'conda env create --prefix'",
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
            f"{where} has two keys '{key.value}': conda refuses that, others keep only the last",
            "put both together, or delete one",
            also=((first[key.value].span, "the first one"),),
        )


_CLOSE = 0.75
"""What part of the letters two names must share, in their order, for one to be taken for the other."""


def _close(name: str, known: tuple[str, ...]) -> str:
    if not any(_shares_letters(name.lower(), other) for other in known):
        return ""
    import difflib

    return next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=_CLOSE)), "")


def _shares_letters(one: str, other: str) -> bool:
    """Say whether two names could be close at all: cheaper than importing what knows."""
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared >= _CLOSE * (len(one) + len(other))
