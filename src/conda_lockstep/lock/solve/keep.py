"""Minimal change: what was locked before is taken again where it fits, but for what is to be updated."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.machines import MachineGroup
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package, PackageSet

ALL = frozenset(("*",))
"""What :meth:`Update.of` returns where every package may move."""


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """Which packages get what a lock from nothing would give them: those named, or ``all`` of them.

    ``machine`` confines that to the packages of one machine.
    """

    names: frozenset[str] = frozenset()
    all: bool = False
    machine: str = ""

    def of(self, group: MachineGroup) -> frozenset[str]:
        """Return the names that may move for a group of machines; :data:`ALL` for every one."""
        if self.machine and self.machine not in group.names:
            return frozenset()
        return ALL if self.all else self.names


NOTHING = UpdateRequest()


def previously_locked(old: Sequence[Lock], group: MachineGroup) -> PackageSet:
    """Return what a group of machines had: from a lock that names one of them, else from one for their platform."""
    locks = [lock for lock in old if group.platform in lock.platforms]
    for name in group.names:
        for lock in locks:
            if name in metadata.machines_of(lock, group.platform):
                return lock.platforms[group.platform]
    nameless = [lock for lock in locks if not metadata.machines_of(lock, group.platform)]
    found = nameless or (locks if not group.names else [])
    return found[0].platforms[group.platform] if found else PackageSet()


def update_specs(
    newest: Sequence[Package], names: Container[str], file: EnvironmentFile
) -> Iterator[RequestedSpec]:
    """Yield the specs that put the named packages where a lock from nothing has them; the rest may follow or stay."""
    where = file.source.location(file.dependencies_span.start)
    for package in newest:
        if package.name in names:
            spec = f'{package.name}[version="=={package.version}", build="{package.build}"]'
            yield RequestedSpec(f"--update {package.name}", package.name, spec, where)
