"""What became of locked files upstream: gone, replaced under the same name, or described anew."""

from __future__ import annotations

from collections.abc import Mapping

from conda_lockstep.conda.dependencies import constraints
from conda_lockstep.drift.compare.diff import compare_packages
from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.packages import Key, Package, PackageSet


def became(locked: PackageSet, published: Mapping[str, Package]) -> Drift:
    """Compare each conda package of a lock with what its channel holds today under the same file name.

    ``published`` maps URLs, as a lock names them, to packages with all that the index says of them. pip's packages are
    not compared: an index has no place for what it holds of them (PyPI refuses to take a file name twice).
    """
    changes: list[Change] = []
    unchanged: list[Key] = []
    for key, package in locked.only("conda").items():
        change = _became(package, published.get(package.url))
        if change is None:
            unchanged.append(key)
        else:
            changes.append(change)
    return Drift(tuple(changes), tuple(unchanged), tuple(locked.only("pip")))


def _became(package: Package, published: Package | None) -> Change | None:
    if published is None:
        detail = f"{package.url.rpartition('/')[2]} is no longer in {package.channel}"
        return Change(frozenset({DriftClass.VANISHED}), package, None, detail=detail)
    change = compare_packages(package, published, metadata=False)
    return change or _described_anew(package, published)


def _described_anew(package: Package, published: Package) -> Change | None:
    """Compare dependencies as a lock holds them: CEP 37 has one constraint a name, and none of ``constrains``."""
    before, after = constraints(package.depends), constraints(published.depends)
    told = [_told(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
    detail = ", ".join(filter(None, told))
    if not detail:
        return None
    return Change(frozenset({DriftClass.METADATA}), package, published, detail=f"hot-fixed: {detail}")


def _told(name: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if after is None:
        return f"no longer needs {name}"
    needs = f"needs {name}" + ("" if after == "*" else f" {after}")
    return needs if before is None else f"{needs} instead of {before}"
