"""The entries of an environment file, read as specs, once for all rules."""

from __future__ import annotations

from typing import NamedTuple

from conda_lockstep.environment.document import EnvironmentFile, Item, PipSection
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.requirement import PipRequirement, parse_pip
from conda_lockstep.environment.source import Span
from conda_lockstep.environment.spec import NOWHERE, BadSpec, CondaSpec, Range, parse_conda

_ENDS_A_FLOW_ENTRY = frozenset(",[]{}")


class CondaEntry(NamedTuple):
    """A conda entry that is a spec."""

    item: Item
    spec: CondaSpec

    def at(self, part: Range) -> Span:
        """Return the place of a part of the spec in the file; the whole entry for an absent one."""
        return self.item.span if part == NOWHERE else self.item.at(*part)


class PipEntry(NamedTuple):
    """A pip entry that is a requirement, an option, a URL or a path."""

    item: Item
    requirement: PipRequirement
    section: PipSection

    def at(self, part: Range) -> Span:
        """Return the place of a part of the requirement in the file; the whole entry for an absent one."""
        return self.item.span if part == NOWHERE else self.item.at(*part)


class BadEntry(NamedTuple):
    """An entry that is no spec; ``manager`` says whose list it stands in."""

    item: Item
    problem: BadSpec
    manager: str


class Entries(NamedTuple):
    """An environment file with its specs read. Order is the file's."""

    file: EnvironmentFile
    conda: tuple[CondaEntry, ...]
    pip: tuple[PipEntry, ...]
    bad: tuple[BadEntry, ...]

    def named(self, *names: str) -> tuple[CondaEntry, ...]:
        """Return the conda entries with one of these names."""
        return tuple(entry for entry in self.conda if entry.spec.name in names)


def read_entries(file: EnvironmentFile) -> Entries:
    """Read every textual entry of a file as a spec."""
    conda: list[CondaEntry] = []
    pip: list[PipEntry] = []
    bad: list[BadEntry] = []
    for item in file.conda_items:
        spec = parse_conda(item.value)
        if isinstance(spec, BadSpec):
            bad.append(BadEntry(item, spec, "conda"))
        else:
            conda.append(CondaEntry(item, spec))
    for section in file.pip_sections:
        for item in section.items:
            if item.kind != "string":
                continue
            requirement = parse_pip(item.value)
            if isinstance(requirement, BadSpec):
                bad.append(BadEntry(item, requirement, "pip"))
            else:
                pip.append(PipEntry(item, requirement, section))
    return Entries(file, tuple(conda), tuple(pip), tuple(bad))


def rewrite(item: Item, part: Range, text: str) -> Edit | None:
    """Return the edit that puts ``text`` in the place of a part of an entry's value.

    None where YAML would read the result as something else, or where the value is not in the file as it stands.
    """
    if not item.verbatim or part == NOWHERE:
        return None
    if item.quoted:
        return None if set(text) & set("'\"\\") else Edit(item.at(*part), text)
    if item.flow and _ENDS_A_FLOW_ENTRY & set(text):
        return None
    return Edit(item.at(*part), text)
