"""Minimal change: locked packages are kept where they fit, except for those to update."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.machines import MachineGroup
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver
from conda_lockstep.packages import Package, PackageSet

ALL = frozenset(("*",))
"""The result of :meth:`UpdateRequest.of` if every package may change."""


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """The packages that get the versions of a lock made from scratch: those in ``names``, or ``all`` of them.

    ``machine`` limits the update to the packages of one machine.
    """

    names: frozenset[str] = frozenset()
    all: bool = False
    machine: str = ""

    def of(self, group: MachineGroup) -> frozenset[str]:
        """Return the names that may change for a group of machines; :data:`ALL` for every one."""
        if self.machine and self.machine not in group.names:
            return frozenset()
        return ALL if self.all else self.names


NOTHING = UpdateRequest()


def previously_locked(old: Sequence[Lock], group: MachineGroup) -> PackageSet:
    """Return the locked packages of a group of machines: of a lock for one of them, else for the platform."""
    locks = [lock for lock in old if group.platform in lock.platforms]
    for name in group.names:
        for lock in locks:
            if name in metadata.machines_of(lock, group.platform):
                return lock.platforms[group.platform]
    nameless = [lock for lock in locks if not metadata.machines_of(lock, group.platform)]
    found = nameless or (locks if not group.names else [])
    return found[0].platforms[group.platform] if found else PackageSet()


async def solve_keeping(
    solver: Solver,
    request: Request,
    update: frozenset[str],
    file: EnvironmentFile,
    newest: Sequence[Package] | None = None,
) -> tuple[Package, ...]:
    """Return the conda packages of a solution that keeps the request's ``kept`` packages where they fit.

    ``update`` names those that get the versions of a lock from scratch; nothing is kept for :data:`ALL`. ``newest`` is
    that lock, if it is known. Raises
    :class:`~conda_lockstep.lock.solve.solve.UnsolvableError`, and ``LockstepError`` for a channel that cannot be read.
    """
    if update == ALL:
        return await solver.packages(replace(request, kept=()))
    if not update:
        return await solver.packages(request)
    if newest is None:
        newest = await solver.packages(replace(request, kept=()))
    stay = tuple(package for package in request.kept if package.name not in update)
    specs = (*request.specs, *update_specs(newest, update, file))
    return await solver.packages(replace(request, kept=stay, specs=specs))


def update_specs(
    newest: Sequence[Package], names: Container[str], file: EnvironmentFile
) -> Iterator[RequestedSpec]:
    """Yield the specs that give the named packages the versions of a lock from scratch; the rest may change or stay."""
    where = file.source.location(file.dependencies_span.start)
    for package in newest:
        if package.name in names:
            spec = f'{package.name}[version="=={package.version}", build="{package.build}"]'
            yield RequestedSpec(f"--update {package.name}", package.name, spec, where)
