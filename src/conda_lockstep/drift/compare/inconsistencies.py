"""Adds the inconsistencies of a prefix to a drift: overwritten files, and files that differ from their records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.packages import Key, PackageSet
from conda_lockstep.snapshot.model import PrefixInconsistency


def with_inconsistencies(
    drift: Drift, old: PackageSet, new: PackageSet, inconsistencies: Iterable[PrefixInconsistency]
) -> Drift:
    """Return ``diff(old, new)`` with the inconsistencies of the new side; each package stays accounted for once.

    A pip package over an otherwise unchanged conda package becomes one change, from the conda to the pip package.
    """
    inconsistencies = tuple(inconsistencies)
    if not inconsistencies:
        return drift
    changes = {key: change for change in drift.changes for key in change.keys}
    for inconsistency in inconsistencies:
        change = _changed(inconsistency, changes, old, new)
        changes.update(dict.fromkeys(change.keys, change))
    kept = {id(change): change for change in changes.values()}
    return replace(
        drift,
        changes=tuple(sorted(kept.values(), key=lambda change: [key[::-1] for key in change.keys])),
        unchanged=tuple(key for key in drift.unchanged if key not in changes),
    )


def _changed(
    inconsistency: PrefixInconsistency, changes: dict[Key, Change], old: PackageSet, new: PackageSet
) -> Change:
    key = inconsistency.package.key
    known, found = changes.get(key), inconsistency.found
    if known is not None:
        return _with(known, inconsistency)
    if found is not None and (addition := changes.get(found.key)) is not None and addition.old is None:
        shadowing = frozenset({DriftClass.SHADOWED, DriftClass.MANAGER})
        return Change(shadowing, old.get(key), found, detail=inconsistency.detail, files=inconsistency.files)
    return _with(Change(frozenset(), old.get(key), new.get(key, inconsistency.package)), inconsistency)


def _with(change: Change, inconsistency: PrefixInconsistency) -> Change:
    each = DriftClass.SHADOWED if inconsistency.kind == "shadowed" else DriftClass.DAMAGED
    detail = "; ".join(filter(None, (change.detail, inconsistency.detail)))
    files = change.files + inconsistency.files
    return change._replace(classes=change.classes | {each}, detail=detail, files=files)
