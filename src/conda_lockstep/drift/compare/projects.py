"""Compares local and git projects with what is installed of them: their source and mode, never their bytes.

The bytes of a project are those of a checkout on that machine. What is compared is what PEP 610 records: the folder,
the commit, and whether it is editable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from conda_lockstep.conda.project_source import difference, project_source
from conda_lockstep.packages import Key, Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.drift.model import Drift

_SHOWN = 3


def projects_of(packages: PackageSet) -> dict[Key, Package]:
    """Return the local and git projects of a lock."""
    return {
        key: package
        for key, package in packages.items()
        if key[0] == "pip" and not package.sha256 and project_source(package) is not None
    }


def as_locked(
    expected: PackageSet, actual: PackageSet, root: str | None
) -> tuple[PackageSet, Mapping[Key, str]]:
    """Return the installed packages, those that are the locked projects as the lock has them; and how others differ.

    ``root`` is the folder that the lock's paths are relative to, None where that is on another machine.
    """
    projects = projects_of(expected)
    found: dict[Key, Package] = {}
    differences: dict[Key, str] = {}
    for key, project in projects.items():
        installed, source = actual.packages.get(key), project_source(project)
        if installed is None or source is None:
            continue
        if what := difference(source, installed.url, root):
            differences[key] = what
        else:
            found[key] = project
    return (PackageSet({**actual.packages, **found}) if found else actual), differences


def with_differences(drift: Drift, old: PackageSet, new: PackageSet, differences: Mapping[Key, str]) -> Drift:
    """Return a drift with one change for each project that is installed from elsewhere, or in another mode."""
    if not differences:
        return drift
    from dataclasses import replace

    from conda_lockstep.drift.model import Change, DriftClass

    source = frozenset({DriftClass.CHANNEL})
    changes = [change for change in drift.changes if not differences.keys() & set(change.keys)]
    changes += [Change(source, old[key], new[key], detail=what) for key, what in differences.items()]
    return replace(
        drift,
        changes=tuple(sorted(changes, key=lambda change: [key[::-1] for key in change.keys])),
        unchanged=tuple(key for key in drift.unchanged if key not in differences),
    )


def without_projects(packages: PackageSet, projects: Iterable[Key]) -> PackageSet:
    """Return packages without some projects."""
    left_out = frozenset(projects)
    return PackageSet({key: package for key, package in packages.items() if key not in left_out})


def note(projects: Mapping[Key, Package]) -> str:
    """Return the note on projects that are as locked: that says nothing of their bytes."""
    names = sorted(package.name for package in projects.values())
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    what = "projects were compared by their source, not by their bytes"
    return f"{what}: {', '.join(names[:_SHOWN])}{more}"
