"""The core metadata of a wheel: which projects it requires, under which extras, and on which versions of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_lockstep.conda.project_names import normalize

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


@dataclass(frozen=True, slots=True)
class WheelMetadata:
    """The fields of a METADATA file that a resolver reads; ``requires_python`` is empty where any version will do."""

    requires: tuple[Requirement, ...]
    requires_python: str

    def applying(self, markers: Mapping[str, str], extras: frozenset[str]) -> Iterator[Requirement]:
        """Yield the requirements that apply in an environment of PEP 508 markers, with these extras (normalized)."""
        for requirement in self.requires:
            if any(_applies(requirement, markers, extra) for extra in ("", *sorted(extras))):
                yield requirement

    def accepts(self, python: str) -> bool:
        """Return whether ``Requires-Python`` accepts a version, such as ``3.12.7``; an invalid field accepts any."""
        try:
            return SpecifierSet(self.requires_python).contains(python, prereleases=True)
        except InvalidSpecifier:
            return True

    @property
    def python_bounds(self) -> str:
        """Return ``Requires-Python`` as a lock records it: sorted, empty where it is absent or invalid."""
        try:
            return str(SpecifierSet(self.requires_python))
        except InvalidSpecifier:
            return ""


def parse_metadata(text: str) -> WheelMetadata:
    """Read a METADATA file. Of a requirement that PEP 508 does not allow, only the name is read."""
    headers = HeaderParser().parsestr(text, headersonly=True)
    found = (_requirement(str(line)) for line in headers.get_all("Requires-Dist", []))
    requires = tuple(requirement for requirement in found if requirement)
    return WheelMetadata(requires, str(headers.get("Requires-Python", "")).strip())


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        name, marker = _NAME.match(text), text.partition(";")[2]
    try:
        return Requirement(f"{name[1]} ; {marker}" if marker.strip() else name[1]) if name else None
    except InvalidRequirement:
        return None


def _applies(requirement: Requirement, markers: Mapping[str, str], extra: str) -> bool:
    if requirement.marker is None:
        return extra == ""
    try:
        # Metadata spells extras in many ways; packaging compares them normalized (PEP 685).
        return requirement.marker.evaluate({**markers, "extra": normalize(extra)})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True
