"""Marks the rows of a report that bring, keep or remove a known vulnerability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from conda_lockstep.drift.advisories.lookup import Vulnerability, projects, vulnerabilities
from conda_lockstep.drift.advisories.osv import Advisories
from conda_lockstep.drift.report import (
    ADVISORY_EFFECTS,
    AdvisoryCounts,
    AdvisoryEffect,
    Comparison,
    Report,
    Row,
    RowAdvisory,
)
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.terminal import count

_NAMED = 5
"""The number of unreadable or undecided entries that a note names."""


def mark(report: Report, advisories: Advisories, packages: Mapping[str, PackageSet]) -> Report:
    """Return a report with its rows marked; ``packages`` are those of the new side, by platform."""
    comparisons = tuple(_marked(each, advisories, packages[each.platform]) for each in report.comparisons)
    return replace(report, comparisons=comparisons, notes=(*report.notes, *unreadable_note(advisories)))


def unreadable_note(advisories: Advisories) -> Iterator[str]:
    """Yield a note on the entries of an export that could not be read."""
    if found := advisories.unreadable:
        more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        number = count(len(found), "advisory", "advisories")
        yield f"{number} could not be read: {'; '.join(found[:_NAMED])}{more}"


def affecting(advisories: Advisories, package: Package) -> list[Vulnerability]:
    """Return the vulnerabilities that affect a package."""
    found = vulnerabilities(advisories, [package])
    return [each for each in found if each.affects(package.version)]


def not_looked_up(packages: Iterable[Package]) -> int:
    """Return the number of packages for which no PyPI project is known."""
    return sum(not projects(package) for package in packages)


def lookup_notes(advisories: Advisories, packages: PackageSet) -> Iterator[str]:
    """Yield notes on the packages that were not looked up, and on what could not be decided."""
    unknown = not_looked_up(packages.values())
    if unknown:
        number = count(unknown, "conda package")
        yield f"advisories were not looked up for {number}: no PyPI project is known for them"
    undecided = [
        f"{package.name} {package.version} ({each.id})"
        for package in packages.values()
        for each in vulnerabilities(advisories, [package])
        if each.affects(package.version) is None
    ]
    if undecided:
        more = f" and {len(undecided) - _NAMED} more" if len(undecided) > _NAMED else ""
        yield f"whether an advisory affects it could not be decided: {', '.join(undecided[:_NAMED])}{more}"


def _marked(comparison: Comparison, advisories: Advisories, packages: PackageSet) -> Comparison:
    rows = tuple(row._replace(advisories=tuple(_of_row(row, advisories))) for row in comparison.rows)
    changed = {side.key for row in rows for side in (row.old, row.new) if side}
    unchanged = [package for package in packages.values() if package.key not in changed]
    counts = [number for package in unchanged if (number := len(affecting(advisories, package)))]
    notes = [*comparison.notes]
    if counts:
        known = count(sum(counts), "known advisory", "known advisories")
        notes.append(f"{count(len(counts), 'package')} that did not change: {known}")
    notes += lookup_notes(advisories, packages)
    return replace(
        comparison,
        rows=rows,
        notes=tuple(notes),
        advisories=AdvisoryCounts(len(counts), not_looked_up(packages.values())),
    )


def _of_row(row: Row, advisories: Advisories) -> list[RowAdvisory]:
    sides = [side for side in (row.new, row.old) if side]
    found = [
        mark
        for vulnerability in vulnerabilities(advisories, sides)
        if (mark := _effect(vulnerability, row.old, row.new))
    ]
    return sorted(found, key=lambda each: (ADVISORY_EFFECTS.index(each.effect), each.id))


def _effect(vulnerability: Vulnerability, old: Package | None, new: Package | None) -> RowAdvisory | None:
    """Return what a change does about a vulnerability; None if it affects neither side."""
    before, after = (_affects(vulnerability, side) for side in (old, new))
    if not (before or after):
        return None
    effect: AdvisoryEffect = "kept" if before and after else "introduced" if after else "removed"
    side = new if after else old
    return RowAdvisory(
        vulnerability.id,
        effect,
        vulnerability.project,
        vulnerability.mapping,
        vulnerability.aliases,
        vulnerability.summary,
        vulnerability.severity,
        vulnerability.fixed_after(side.version) if side else "",
    )


def _affects(vulnerability: Vulnerability, package: Package | None) -> bool:
    if package is None or vulnerability.project not in {name for name, _ in projects(package)}:
        return False
    return bool(vulnerability.affects(package.version))
