"""Rules about entries that repeat or contradict each other, or themselves."""

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
    """A package has two conda entries: a change to one may be overruled by the other."""
    for first, second in _pairs(entries):
        redundant = _redundant(first, second)
        here, there = (first, second) if redundant is first else (second, first)
        fix = None
        if redundant:
            edit = remove(entries.file.source, redundant.item)
            fix = Fix(
                f"remove '{redundant.item.value}', which adds nothing to the other entry", (edit,), "safe"
            )
        yield Problem(
            here.item.span,
            f"'{here.spec.name}' is listed twice",
            "keep one entry" if redundant else "merge the two into one entry",
            fix,
            also=((there.item.span, f"the other entry: '{there.item.value}'"),),
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
                "keep the one that is intended",
                also=((first.item.span, f"the other entry: '{first.item.value}'"),),
            )


@rule("impossible-range", "error", requires=("range",))
def impossible_range(entries: Entries, config: Config) -> Iterator[Problem]:
    """A range is empty: no version can satisfy all of its bounds."""
    for entry in entries.having("range"):
        found = bounds(entry.spec)
        if found and found.is_empty:
            yield Problem(
                entry.at(entry.spec.version_at),
                f"no version can satisfy '{entry.item.value}'",
                "write a lower bound that is below the upper bound",
            )


def _pairs(entries: Entries) -> Iterator[tuple[CondaEntry, CondaEntry]]:
    """Yield each repeated entry with the first one of its name; entries for different platforms do not count."""
    by_name: dict[str, list[CondaEntry]] = defaultdict(list)
    for entry in entries.conda:
        by_name[entry.spec.name].append(entry)
    for first, *others in by_name.values():
        for other in others:
            if not (_has_selector(entries, first) and _has_selector(entries, other)):
                yield first, other


def _has_selector(entries: Entries, entry: CondaEntry) -> bool:
    """Return whether an entry is followed by a comment such as ``# [linux]``, which conda-lock obeys."""
    place = entries.file.comment_after(entry.item)
    return place is not None and "[" in entries.file.source.text[place.start : place.end]


def _redundant(first: CondaEntry, second: CondaEntry) -> CondaEntry | None:
    """Return the redundant one of two entries: the second of two identical ones, or a bare one."""
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
