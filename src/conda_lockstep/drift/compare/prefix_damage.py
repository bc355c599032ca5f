"""Adds to a drift what a prefix shows of itself: files over files, records that do not match what lies there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.packages import Key, PackageSet
from conda_lockstep.snapshot.model import PrefixInconsistency


def with_damages(
    drift: Drift, old: PackageSet, new: PackageSet, damages: Iterable[PrefixInconsistency]
) -> Drift:
    """Return ``diff(old, new)`` with the damages that were found on the new side; each package stays counted once.

    A pip package over an otherwise unchanged conda package becomes one change, from the one to the other.
    """
    damages = tuple(damages)
    if not damages:
        return drift
    changes = {key: change for change in drift.changes for key in change.keys}
    for damage in damages:
        change = _changed(damage, changes, old, new)
        changes.update(dict.fromkeys(change.keys, change))
    kept = {id(change): change for change in changes.values()}
    return replace(
        drift,
        changes=tuple(sorted(kept.values(), key=lambda change: [key[::-1] for key in change.keys])),
        unchanged=tuple(key for key in drift.unchanged if key not in changes),
    )


def _changed(
    damage: PrefixInconsistency, changes: dict[Key, Change], old: PackageSet, new: PackageSet
) -> Change:
    key = damage.package.key
    known, found = changes.get(key), damage.found
    if known is not None:
        return _with(known, damage)
    if found is not None and (addition := changes.get(found.key)) is not None and addition.old is None:
        shadowing = frozenset({DriftClass.SHADOWED, DriftClass.MANAGER})
        return Change(shadowing, old.get(key), found, detail=damage.detail, files=damage.files)
    return _with(Change(frozenset(), old.get(key), new.get(key, damage.package)), damage)


def _with(change: Change, damage: PrefixInconsistency) -> Change:
    each = DriftClass.SHADOWED if damage.kind == "shadowed" else DriftClass.DAMAGED
    detail = "; ".join(filter(None, (change.detail, damage.detail)))
    files = change.files + damage.files
    return change._replace(classes=change.classes | {each}, detail=detail, files=files)
