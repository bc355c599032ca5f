"""Finds the advisories that affect a package: by its PyPI project, once per vulnerability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.pypi_names import pypi_names
from conda_lockstep.drift.advisories.osv import Advisories, Advisory, Affected
from conda_lockstep.drift.advisories.ranges import fix_of, is_affected
from conda_lockstep.drift.report import NameMapping
from conda_lockstep.packages import Package


class Vulnerability(NamedTuple):
    """What records with common aliases say of one project.

    ``id`` is the CVE where there is one, else the first id; ``aliases`` are the other names.
    """

    id: str
    aliases: tuple[str, ...]
    project: str
    mapping: NameMapping
    summary: str
    severity: tuple[str, ...]
    affected: tuple[Affected, ...]

    def affects(self, version: str) -> bool | None:
        """Return whether a version is affected; None if no record decides it."""
        answers = {is_affected(each, version) for each in self.affected}
        return True if True in answers else None if None in answers else False

    def fixed_after(self, version: str) -> str:
        """Return the lowest version that fixes a version, empty if none is known."""
        return fix_of(self.affected, version)


def projects(package: Package) -> tuple[tuple[str, NameMapping], ...]:
    """Return the PyPI projects that a package holds, and how they were found; none for what is no Python package."""
    if package.manager == "pip":
        return ((normalize(package.name), "pip"),)
    own = normalize(package.name)
    return tuple((name, "same name" if name == own else "name table") for name in pypi_names(package.name))


def vulnerabilities(advisories: Advisories, packages: Iterable[Package]) -> Iterator[Vulnerability]:
    """Yield every vulnerability of the projects of some packages, whichever versions it affects."""
    mappings: dict[str, NameMapping] = {}
    for package in packages:
        for name, mapping in projects(package):
            mappings.setdefault(name, mapping)
    for name, mapping in mappings.items():
        for records in _alike(advisories.by_project.get(name, ())):
            yield _vulnerability(records, name, mapping)


def _alike(records: Sequence[Advisory]) -> list[list[Advisory]]:
    """Group the records with common names: aliases are symmetric and transitive."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for record in records:
        names, members = {record.id, *record.aliases}, [record]
        apart = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _vulnerability(records: Sequence[Advisory], project: str, mapping: NameMapping) -> Vulnerability:
    names = sorted({name for record in records for name in (record.id, *record.aliases)}, key=_rank)
    return Vulnerability(
        names[0],
        tuple(names[1:]),
        project,
        mapping,
        next((record.summary for record in records if record.summary), ""),
        tuple(dict.fromkeys(text for record in records for text in record.severity)),
        tuple(each for record in records for each in record.affected if each.project == project),
    )


def _rank(name: str) -> tuple[bool, bool, str]:
    return not name.startswith("CVE-"), not name.startswith("GHSA-"), name
