"""The versions that a spec allows, as far as plain release numbers show them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from conda_lockstep.conda.match_spec import Clause, CondaSpec

Release: TypeAlias = tuple[int, ...]
"""The numbers of a version; compared without zeros at their end, as ``1.0`` is ``1``."""

_PLAIN = re.compile(r"\d+(?:\.\d+)*")


class Bounds(NamedTuple):
    """From where to where; None is no bound. The lower one belongs to the range where ``closed_low``, and so on."""

    low: Release | None = None
    closed_low: bool = True
    high: Release | None = None
    closed_high: bool = True

    @property
    def is_empty(self) -> bool:
        """Return whether no version can lie between the bounds."""
        if self.low is None or self.high is None:
            return False
        if self.low == self.high:
            return not (self.closed_low and self.closed_high)
        return self.low > self.high


@lru_cache(maxsize=4096)
def bounds(spec: CondaSpec) -> Bounds | None:
    """Return what all clauses of a spec allow together; None where it has an ``or`` or more than plain numbers."""
    if "|" in spec.version:
        return None
    found = None
    for index, clause in enumerate(spec.clauses):
        each = _of_clause(clause, exact=spec.is_exact_clause(index))
        if each is None:
            return None
        found = both(found, each) if found else each
    return found or Bounds()


@lru_cache(maxsize=4096)
def within(spec: CondaSpec) -> Bounds:
    """Return bounds that contain all that a spec allows: those of its plain clauses, none for an ``or``."""
    found = Bounds()
    for index, clause in enumerate(() if "|" in spec.version else spec.clauses):
        each = _of_clause(clause, exact=spec.is_exact_clause(index))
        found = both(found, each) if each else found
    return found


def between(old: Bounds, new: Bounds) -> tuple[Release, Release] | None:
    """Return the last version before the gap between two ranges and the first one after, whichever is the newer range.

    The first is of ``old``. None where the ranges may have a version in common.
    """
    if old.is_empty or new.is_empty:
        return None
    if old.high is not None and new.low is not None and both(old, new).is_empty and old.high <= new.low:
        return _last(old, old.high), new.low
    if new.high is not None and old.low is not None and both(old, new).is_empty and new.high <= old.low:
        return old.low, _last(new, new.high)
    return None


def _last(found: Bounds, high: Release) -> Release:
    """Return the last version of a range, as far as the numbers of its end tell: 3.8 of ``<3.9``, 1 of ``<2``."""
    last = high if found.closed_high else _stripped((*high[:-1], max(high[-1] - 1, 0)))
    return last if found.low is None else max(last, found.low)


def both(one: Bounds, other: Bounds) -> Bounds:
    """Return what lies within both."""
    low, closed_low = _tighter((one.low, one.closed_low), (other.low, other.closed_low), lower=True)
    high, closed_high = _tighter((one.high, one.closed_high), (other.high, other.closed_high), lower=False)
    return Bounds(low, closed_low, high, closed_high)


def release_of(version: str) -> Release:
    """Return a version that consists of numbers alone, such as ``2.13``; raises ``ValueError`` for any other."""
    return tuple(int(number) for number in version.split("."))


def numbers(version: str) -> int:
    """Count the numbers at the head of a version: 2 for ``1.21``, ``1.21.*`` and ``1.21rc1``."""
    match = _PLAIN.match(version)
    return match.group().count(".") + 1 if match else 0


def is_confined(spec: CondaSpec, places: int) -> bool:
    """Return whether all versions that a spec allows share their first numbers, ``places`` of them."""
    if "|" in spec.version:
        return False
    for clause in spec.clauses:
        if clause.op in ("=", "==", "", "~=") and clause.version != "*":
            given = numbers(clause.version) - (1 if clause.op == "~=" else 0)
            if given >= places:
                return True
    if spec.is_exact:
        return True
    found = bounds(spec)
    if found is None or found.low is None or found.high is None:
        return False
    first = (*found.low, *(0,) * places)[:places]
    after = _stripped((*first[:-1], first[-1] + 1))
    return found.high < after or (found.high == after and not found.closed_high)


def _of_clause(clause: Clause, *, exact: bool) -> Bounds | None:
    version = clause.version
    if version == "*" or clause.op == "!=":
        return Bounds()
    plain = version.rstrip("*").rstrip(".")
    if not _PLAIN.fullmatch(plain):
        return None
    release = release_of(plain)
    start = _stripped(release)
    match clause.op:
        case ">=":
            return Bounds(low=start)
        case ">":
            return Bounds(low=start, closed_low=False)
        case "<=":
            return Bounds(high=start)
        case "<":
            return Bounds(high=start, closed_high=False)
        case "~=":
            if len(release) < 2:
                return None
            return Bounds(low=start, high=_next(release[:-1]), closed_high=False)
    if exact:
        return Bounds(low=start, high=start)
    return Bounds(low=start, high=_next(release), closed_high=False)


def _next(release: Release) -> Release:
    return _stripped((*release[:-1], release[-1] + 1))


def _stripped(release: Release) -> Release:
    end = len(release)
    while end > 1 and release[end - 1] == 0:
        end -= 1
    return release[:end]


def _tighter(
    one: tuple[Release | None, bool], other: tuple[Release | None, bool], *, lower: bool
) -> tuple[Release | None, bool]:
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] and other[1]
    return one if (one[0] > other[0]) == lower else other
