"""Decides whether a version is affected, as the OSV schema evaluates it, with PEP 440 as the order of versions.

https://ossf.github.io/osv-schema/#evaluation
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from packaging.version import InvalidVersion, Version

from conda_lockstep.drift.advisories.osv import Affected, RangeEvent

_BEGINNING, _INFINITY = "0", "*"
"""Before any version, as ``introduced``; after any version, as ``limit``."""


def is_affected(affected: Affected, version: str) -> bool | None:
    """Return whether a version of a project is affected; None if that cannot be decided.

    A local label such as ``+cu121`` is ignored, as advisories name releases.
    """
    if version in affected.versions:
        return True
    release = _release(version)
    if release is None:
        return None
    if any(_release(each) == release for each in affected.versions):
        return True
    answers = {_in_range(events, release) for events in affected.ranges}
    if True in answers:
        return True
    undecided = None in answers or (affected.has_commits and not affected.versions and not affected.ranges)
    return None if undecided else False


def fix_of(affected: Iterable[Affected], version: str) -> str:
    """Return the lowest version that fixes a version, as written; empty if none is known."""
    release = _release(version)
    fixes = [
        (fixed, event.version)
        for each in affected
        for events in each.ranges
        for event in events
        if event.kind == "fixed" and (fixed := _release(event.version)) and (not release or fixed > release)
    ]
    return min(fixes, default=(None, ""))[1]


def _in_range(events: tuple[RangeEvent, ...], version: Version) -> bool | None:
    if any(_release(event.version) is None and event.version != _INFINITY for event in events):
        return None
    if not _is_before_limits(events, version):
        return False
    found = False
    for event in sorted(events, key=_order):
        if event.kind != "limit" and _has_passed(event, version):
            found = event.kind == "introduced"
    return found


def _has_passed(event: RangeEvent, version: Version) -> bool:
    bound = _bound(event)
    if bound is None:
        return True
    return version > bound if event.kind == "last_affected" else version >= bound


def _is_before_limits(events: Iterable[RangeEvent], version: Version) -> bool:
    limits = [event.version for event in events if event.kind == "limit"]
    return not limits or any(limit == _INFINITY or version < Version(limit) for limit in limits)


def _bound(event: RangeEvent) -> Version | None:
    """Return the version of an event; None for the one before any version."""
    is_beginning = event.kind == "introduced" and event.version == _BEGINNING
    return None if is_beginning else _release(event.version)


def _order(event: RangeEvent) -> tuple[bool, Version, bool]:
    bound = _bound(event)
    # Where one version both ends a range and begins one, it is affected.
    return bound is not None, bound or Version("0"), event.kind == "introduced"


@lru_cache(maxsize=1 << 16)
def _release(version: str) -> Version | None:
    """Return a version without its local label; None if PEP 440 does not know it."""
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    return Version(parsed.public) if parsed.local else parsed
