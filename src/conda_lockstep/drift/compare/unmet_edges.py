"""Finds the dependencies and constraints that changed metadata brings, and the packages beside it do not meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conda_lockstep.drift.model import Change, DriftClass
from conda_lockstep.packages import Key, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.check.satisfiability import Broken


def newly_unmet(old: PackageSet, new: PackageSet, platform: str) -> Mapping[Key, tuple[Broken, ...]]:
    """Return what conda packages of the new side require or rule out in vain, by package; not what did so before."""
    # These read specs of any form, which no other comparison has to.
    from conda_lockstep.lock.check.satisfiability import broken_edges
    from conda_lockstep.lock.model.lock import Lock

    before, after = (Lock({platform: packages.only("conda")}) for packages in (old, new))
    known = {(edge.requirer.key, edge.name) for edge in broken_edges(before, platform)}
    found: dict[Key, tuple[Broken, ...]] = {}
    for edge in broken_edges(after, platform):
        if (edge.requirer.key, edge.name) not in known:
            found[edge.requirer.key] = (*found.get(edge.requirer.key, ()), edge)
    return found


def with_unmet(change: Change, edges: tuple[Broken, ...]) -> Change:
    """Return a change with the class ``unmet``, and a detail that names the dependencies."""
    named = (f"{edge}, and the lock has {edge.held or 'none'}" for edge in edges)
    detail = "; ".join(filter(None, (*named, change.detail)))
    return change._replace(classes=change.classes | {DriftClass.UNMET}, detail=detail)
