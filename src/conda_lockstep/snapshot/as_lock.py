"""The lock of what a prefix holds."""

from __future__ import annotations

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats.canonical import by_count
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.snapshot.model import Installed

SOURCE = "conda-meta/history"
"""Where a prefix keeps what was asked for."""


def lock_of(installed: Installed) -> Lock:
    """Return what a prefix holds as a lock. Raises ``LockstepError`` where the prefix contradicts itself.

    The channel that most packages come from is the first: a prefix does not keep their order.
    """
    if installed.inconsistencies:
        count = len(installed.inconsistencies)
        raise LockstepError(
            f"contradicts itself in {count} place{'s' if count > 1 else ''}, so no lock can say what it is",
            where=installed.prefix,
            remedy="mend it, or build it anew",
            detail=tuple(f"  {each.package}: {each.detail}" for each in installed.inconsistencies),
        )
    return Lock(
        platforms={installed.platform: installed.packages},
        channels=by_count(installed.packages.values()),
        sources=(SOURCE,),
    )
