"""A located project: the entry that names it, its source, and its metadata, as the resolver gets them."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.requirements import Requirement

from conda_lockstep.conda.project_source import Folder
from conda_lockstep.errors import Location
from conda_lockstep.lock.pip.projects.entry import ProjectEntry
from conda_lockstep.lock.pip.requirements import PipRequest
from conda_lockstep.lock.pip.wheel_metadata import WheelMetadata

_LOCAL = "lockstep.project"


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a ``pip:`` list. ``url`` is its source as a lock records it.

    ``metadata`` have no requirements with URLs: those are projects of their own, and the ``wheels``. ``build_requires``
    are what its build needs.
    """

    entry: ProjectEntry
    name: str
    version: str
    url: str
    metadata: WheelMetadata
    build_requires: tuple[str, ...] = ()
    wheels: tuple[PipRequest, ...] = ()

    @property
    def text(self) -> str:
        """Return the entry, for messages."""
        return self.entry.text

    @property
    def where(self) -> Location:
        """Return the place of the entry."""
        return self.entry.where

    @property
    def locked_version(self) -> str:
        """Return the version that a lock records: none of a folder, whose bytes are those of each checkout."""
        return "" if isinstance(self.entry.reference, Folder) else self.version

    @property
    def requirement(self) -> Requirement:
        """Return the requirement that stands for it: its name with the requested extras."""
        extras = f"[{','.join(sorted(self.entry.extras))}]" if self.entry.extras else ""
        marker = f" ; {self.entry.marker}" if self.entry.marker else ""
        return Requirement(f"{self.name}{extras}{marker}")

    @property
    def stand_in(self) -> str:
        """Return the version under which a resolver knows it, which no index has: a local version (PEP 440)."""
        return f"{self.version.partition('+')[0] or '0'}+{_LOCAL}"


def without_stand_ins(text: str) -> str:
    """Return a resolver's message without the versions that are not the projects' own."""
    import re

    return re.sub(rf"==\S*?\+{re.escape(_LOCAL)}", "", text)
