"""The channels as an old lock saw them: the cut-off of the lock, and what they removed, replaced or hot-fixed since."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from conda_lockstep.conda.dependencies import constraints
from conda_lockstep.drift.attribution.solution import is_same_file
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import machine_of, newest_of
from conda_lockstep.packages import Package


def cutoff_of(lock: Lock, platform: str) -> datetime.datetime | None:
    """Return the moment at which all packages of a lock were uploaded; a lock records it in whole seconds."""
    newest = newest_of(lock, platform)
    return newest + datetime.timedelta(seconds=1) if newest else None


def cutoff_by_channels(lock: Lock, platform: str, today: Mapping[str, Package]) -> datetime.datetime | None:
    """Return the cut-off of a lock, by the dates in its channels where it records none; None if those have none.

    ``today`` is what the channels have, by URL as a lock holds it.
    """
    if recorded := cutoff_of(lock, platform):
        return recorded
    urls = {package.url for package in lock.platforms[platform].values()}
    newest = max((today[url].timestamp for url in urls & today.keys()), default=0)
    return datetime.datetime.fromtimestamp(newest + 1, datetime.timezone.utc) if newest else None


def changed_since(lock: Lock, platform: str, today: Mapping[str, Package]) -> Iterator[Package]:
    """Yield the locked conda packages that their channels have removed, replaced or hot-fixed.

    ``today`` is what the channels have, by URL as a lock holds it.
    """
    locked = lock.platforms[platform].only("conda").values()
    # A lock without a machine is another tool's, and some of those record no dependencies at all.
    has_depends = bool(machine_of(lock, platform)) or any(package.depends for package in locked)
    for package in locked:
        known = today.get(package.url)
        if (
            known is None
            or not is_same_file(package, known)
            or (has_depends and _is_hot_fixed(package, known))
        ):
            yield package


def _is_hot_fixed(locked: Package, known: Package) -> bool:
    """Return whether the dependencies changed, besides virtual packages, which not every tool records."""
    before, after = (
        {name: bound for name, bound in constraints(each.depends).items() if not name.startswith("__")}
        for each in (locked, known)
    )
    return before != after
