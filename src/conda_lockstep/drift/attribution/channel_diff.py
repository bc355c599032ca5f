"""Compares locked files with their channel: vanished, replaced under the same name, or hot-fixed."""

from __future__ import annotations

from collections.abc import Mapping

from conda_lockstep.conda.dependencies import constraints
from conda_lockstep.drift.compare.diff import compare_packages
from conda_lockstep.drift.compare.unmet_edges import newly_unmet, with_unmet
from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.packages import Key, Package, PackageSet


def compare_with_channel(locked: PackageSet, published: Mapping[str, Package], platform: str = "") -> Drift:
    """Compare each conda package of a lock with the file of the same name in its channel.

    ``published`` maps URLs, as written in a lock, to packages with the metadata of the channel's index. A hot-fix that
    the locked packages do not meet is a change of its own class. pip packages are compared with their index; see
    :mod:`index_diff`.
    """
    changes: list[Change] = []
    unchanged: list[Key] = []
    unmet = newly_unmet(locked, _today(locked, published), platform)
    for key, package in locked.only("conda").items():
        change = _compare(package, published.get(package.url))
        if edges := unmet.get(key):
            hot_fixed = Change(frozenset({DriftClass.METADATA}), package, published[package.url])
            change = with_unmet(change or hot_fixed, edges)
        if change is None:
            unchanged.append(key)
        else:
            changes.append(change)
    return Drift(tuple(changes), tuple(unchanged), tuple(locked.only("pip")))


def _today(locked: PackageSet, published: Mapping[str, Package]) -> PackageSet:
    """Return the locked packages with the metadata of the channel's index."""
    return PackageSet({key: published.get(package.url, package) for key, package in locked.items()})


def _compare(package: Package, published: Package | None) -> Change | None:
    if published is None:
        detail = f"{package.url.rpartition('/')[2]} is no longer in {package.channel}"
        return Change(frozenset({DriftClass.VANISHED}), package, None, detail=detail)
    change = compare_packages(package, published, metadata=False)
    return change or _compare_depends(package, published)


def _compare_depends(package: Package, published: Package) -> Change | None:
    """Compare dependencies as a lock records them: CEP 37 has one constraint per name, and no ``constrains``."""
    before, after = constraints(package.depends), constraints(published.depends)
    changes = [
        _dependency_change(name, before.get(name), after.get(name)) for name in sorted({*before, *after})
    ]
    detail = ", ".join(filter(None, changes))
    if not detail:
        return None
    return Change(frozenset({DriftClass.METADATA}), package, published, detail=f"hot-fixed: {detail}")


def _dependency_change(name: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if after is None:
        return f"no longer requires {name}"
    requires = f"requires {name}" + ("" if after == "*" else f" {after}")
    return requires if before is None else f"{requires} instead of {before}"
