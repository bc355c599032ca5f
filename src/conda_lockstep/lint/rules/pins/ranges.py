"""Entries that say the same thing twice, or what cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from conda_lockstep.conda.bounds import both, bounds
from conda_lockstep.config import Config
from conda_lockstep.environment.edit import remove
from conda_lockstep.environment.entries import CondaEntry, Entries
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.pins.unpinned import has_version


@rule("duplicate-spec", "warning", supersedes=("unpinned-conda", "unpinned-python"), requires=("repeated",))
def duplicate_spec(entries: Entries, config: Config) -> Iterator[Problem]:
    """A package is named twice among the conda entries: who changes one of them overlooks the other."""
    for first, second in _pairs(entries):
        spare = _spare(first, second)
        here, there = (first, second) if spare is first else (second, first)
        fix = None
        if spare:
            edit = remove(entries.file.source, spare.item)
            fix = Fix(f"remove '{spare.item.value}', which says no more than the other", (edit,), "safe")
        yield Problem(
            here.item.span,
            f"'{here.spec.name}' is listed twice",
            "keep one entry" if spare else "write one entry that says all",
            fix,
            also=((there.item.span, f"'{there.item.value}', the other time"),),
        )


@rule("contradictory-spec", "error", supersedes=("duplicate-spec",), requires=("repeated",))
def contradictory_spec(entries: Entries, config: Config) -> Iterator[Problem]:
    """Two entries for a package exclude each other: nothing can be installed."""
    for first, second in _pairs(entries):
        one, other = bounds(first.spec), bounds(second.spec)
        if one is None or other is None or one.is_empty or other.is_empty:
            continue
        if both(one, other).is_empty:
            yield Problem(
                second.item.span,
                f"'{second.item.value}' and '{first.item.value}' exclude each other",
                "keep the one that is meant",
                also=((first.item.span, f"'{first.item.value}'"),),
            )


@rule("impossible-range", "error", requires=("range",))
def impossible_range(entries: Entries, config: Config) -> Iterator[Problem]:
    """A range ends before it begins: no version can be in it."""
    for entry in entries.having("range"):
        found = bounds(entry.spec)
        if found and found.is_empty:
            yield Problem(
                entry.at(entry.spec.version_at),
                f"no version can satisfy '{entry.item.value}'",
                "the lower bound must lie below the upper one; are the two exchanged?",
            )


def _pairs(entries: Entries) -> Iterator[tuple[CondaEntry, CondaEntry]]:
    """Yield each repeated entry with the first one of its name; two for different platforms are no repetition."""
    by_name: dict[str, list[CondaEntry]] = defaultdict(list)
    for entry in entries.conda:
        by_name[entry.spec.name].append(entry)
    for first, *others in by_name.values():
        for other in others:
            if not (_has_selector(entries, first) and _has_selector(entries, other)):
                yield first, other


def _has_selector(entries: Entries, entry: CondaEntry) -> bool:
    """Say whether a comment such as ``# [linux]``, which conda-lock obeys, stands behind an entry."""
    place = entries.file.comment_after(entry.item)
    return place is not None and "[" in entries.file.source.text[place.start : place.end]


def _spare(first: CondaEntry, second: CondaEntry) -> CondaEntry | None:
    """Return the one of two entries that can go without a loss: the second of two alike, or a bare one."""
    one, other = first.spec, second.spec
    if (one.version, one.build, one.channel, one.brackets) == (
        other.version,
        other.build,
        other.channel,
        other.brackets,
    ):
        return second
    if _is_bare(second):
        return second
    return first if _is_bare(first) else None


def _is_bare(entry: CondaEntry) -> bool:
    spec = entry.spec
    return not (has_version(entry) or spec.build or spec.channel or spec.brackets)
