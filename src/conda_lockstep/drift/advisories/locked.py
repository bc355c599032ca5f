"""Lists the locked packages that have known vulnerabilities, and whether a newer version is without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.drift.advisories.lookup import Vulnerability
from conda_lockstep.drift.advisories.mark import affecting, lookup_notes, unreadable_note
from conda_lockstep.drift.advisories.osv import Advisories
from conda_lockstep.drift.report import RowAdvisory
from conda_lockstep.packages import Manager, Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.explain.outdated import Newer


class LockedAdvisory(NamedTuple):
    """A locked package with a known vulnerability.

    ``available`` is the newest version that the user could have, empty if it is not newer; ``is_available_affected``
    says whether that has the vulnerability, too.
    """

    manager: Manager
    name: str
    version: str
    advisory: RowAdvisory
    available: str = ""
    is_available_affected: bool = False


class LockedAdvisories(NamedTuple):
    """The known vulnerabilities of one platform of a lock; ``notes`` name what was not looked up."""

    found: tuple[LockedAdvisory, ...]
    notes: tuple[str, ...]


def locked_advisories(
    advisories: Advisories, packages: PackageSet, outdated: Sequence[Newer]
) -> LockedAdvisories:
    """Return the known vulnerabilities of a platform; ``outdated`` are the newer versions of its packages."""
    available = {(each.manager, normalize(each.name)): each.available for each in outdated}
    found = tuple(
        _locked(package, vulnerability, available.get((package.manager, normalize(package.name)), ""))
        for package in packages.values()
        for vulnerability in affecting(advisories, package)
    )
    return LockedAdvisories(found, (*lookup_notes(advisories, packages), *unreadable_note(advisories)))


def _locked(package: Package, vulnerability: Vulnerability, available: str) -> LockedAdvisory:
    advisory = RowAdvisory(
        vulnerability.id,
        "kept",
        vulnerability.project,
        vulnerability.mapping,
        vulnerability.aliases,
        vulnerability.summary,
        vulnerability.severity,
        vulnerability.fixed_after(package.version),
    )
    newer = available if available != package.version else ""
    # What cannot be decided is not called free of it.
    is_affected = bool(newer) and vulnerability.affects(newer) is not False
    return LockedAdvisory(package.manager, package.name, package.version, advisory, newer, is_affected)
