"""An environment file with its lock on one platform, and what the file requests of the solver and of pip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.lock.pip.requirements import PipPart, PipRequest
from conda_lockstep.lock.solve.keep import NOTHING
from conda_lockstep.lock.solve.solve import Request
from conda_lockstep.lock.update.make import located_pip
from conda_lockstep.lock.update.relock import LockedPlatform, request_from_lock
from conda_lockstep.packages import PackageSet


@dataclass(frozen=True, slots=True)
class FileAndLock:
    """One side of a change."""

    at: LockedPlatform
    request: Request
    pip: PipPart | None
    projects: tuple[Project, ...] = ()

    @classmethod
    def of(cls, at: LockedPlatform) -> FileAndLock:
        """Read what the file requests. Raises ``LockstepError`` for an entry that cannot be read."""
        pip, projects = located_pip(at.file, at.settings, (at.lock,), NOTHING)
        return cls(at, request_from_lock(at.file, at.settings, at.lock), pip, projects)

    @property
    def packages(self) -> PackageSet:
        """Return the locked packages."""
        return self.at.lock.platforms[self.at.platform]

    def requests_the_same(self, other: FileAndLock) -> bool:
        """Return whether both files have the same solutions, whatever their comments and the order of their lines."""
        return _essence(self) == _essence(other)


def _essence(side: FileAndLock) -> tuple[object, ...]:
    """Return what a solution depends on, and not where it is written."""
    request, pip = side.request, side.pip
    specs = frozenset(entry.spec for entry in request.specs)
    return (
        request.channels,
        request.machine,
        specs,
        *(_essence_of_pip(pip) if pip and pip.has_entries else ()),
        frozenset((each.url, str(each.entry.marker), str(each.metadata)) for each in side.projects),
    )


def _essence_of_pip(part: PipPart) -> Iterator[object]:
    def plain(entries: Iterable[PipRequest]) -> frozenset[object]:
        return frozenset((str(entry.requirement), entry.hashes) for entry in entries)

    yield from (plain(part.requirements), plain(part.constraints), part.only_links, part.prereleases)
    yield part.index.text if part.index else ""
    yield from (tuple(each.text for each in named) for named in (part.extra_indexes, part.links))
