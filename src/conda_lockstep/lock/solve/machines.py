"""The machines that a lock is for: the virtual packages of each, and the groups that share one solve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.data import table
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.model.envelope import admits
from conda_lockstep.lock.model.virtual_packages import VirtualPackage


@dataclass(frozen=True, slots=True)
class MachineGroup:
    """Machines of one platform that are solved for at once; none if the settings declare none for it.

    ``virtual_packages`` are those that all of them have.
    """

    platform: str
    virtual_packages: tuple[VirtualPackage, ...]
    machines: tuple[DeclaredMachine, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the machines, in the order of the settings."""
        return tuple(machine.name for machine in self.machines)


def expected_platforms(file: EnvironmentFile, requested: Sequence[str], config: Config) -> tuple[str, ...]:
    """Return the platforms that the locks must have, no more and no less; none if any platform is accepted."""
    own = tuple(requested) or tuple(item.value for item in file.platforms) or config.platforms
    return own or tuple(sorted({machine.platform for machine in config.machines}))


def machines_for(config: Config, platforms: Sequence[str]) -> tuple[DeclaredMachine, ...]:
    """Return the declared machines of some platforms."""
    return tuple(machine for machine in config.machines if machine.platform in platforms)


def refuse_unknown(name: str, config: Config) -> None:
    """Refuse a machine that the settings do not declare; an empty name is accepted. Raises ``LockstepError``."""
    known = [machine.name for machine in config.machines]
    if name and name not in known:
        remedy = f"known are {', '.join(known)}" if known else "declare it in the settings: [machines.NAME]"
        raise LockstepError(f"no machine '{name}' in the settings", remedy=remedy)


def groups_of(
    machines: Sequence[DeclaredMachine], platforms: Iterable[str], cuda: str = ""
) -> tuple[MachineGroup, ...]:
    """Return the groups to solve for, by platform: its machines, by the CUDA major that their drivers run.

    A driver runs every minor release of its CUDA major, so those machines share a solution, for the oldest driver. The
    other virtual packages are those of the oldest machine of the platform, so that locks differ only in their CUDA.
    ``cuda`` is for platforms without machines.
    """
    groups: list[MachineGroup] = []
    for platform in sorted(set(platforms)):
        own = [machine for machine in machines if machine.platform == platform]
        if not own:
            groups.append(MachineGroup(platform, virtual.virtual_packages(platform, cuda)))
            continue
        shared = virtual.common(platform, [virtual_packages_of(machine) for machine in own])
        for major in sorted({_major(machine) for machine in own}, reverse=True):
            members = tuple(machine for machine in own if _major(machine) == major)
            driver = [each for each in _common(members) if each.name == "__cuda"]
            rest = [each for each in shared if each.name != "__cuda"]
            groups.append(MachineGroup(platform, tuple(sorted((*rest, *driver))), members))
    return tuple(groups)


def apart(group: MachineGroup) -> tuple[MachineGroup, ...]:
    """Return a group's machines apart, each with its own virtual packages; those with the same ones stay together."""
    found: dict[tuple[VirtualPackage, ...], list[DeclaredMachine]] = {}
    for machine in group.machines:
        found.setdefault(virtual_packages_of(machine), []).append(machine)
    return tuple(MachineGroup(group.platform, own, tuple(machines)) for own, machines in found.items())


def together(groups: Sequence[MachineGroup], order: Sequence[DeclaredMachine]) -> MachineGroup:
    """Return several groups of one platform as one; ``order`` is that of the settings."""
    members = {machine for group in groups for machine in group.machines}
    shared = virtual.common(groups[0].platform, [group.virtual_packages for group in groups])
    return MachineGroup(groups[0].platform, shared, tuple(machine for machine in order if machine in members))


def virtual_packages_of(machine: DeclaredMachine) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of a declared machine. Raises ``LockstepError`` for an unknown driver."""
    return virtual.virtual_packages(
        machine.platform, cuda_of(machine), glibc=machine.glibc, archspec=machine.archspec
    )


def cuda_of(machine: DeclaredMachine) -> str:
    """Return the newest CUDA that a machine's driver runs, as major and minor; empty if it has no GPU."""
    if machine.cuda:
        return ".".join([*machine.cuda.split("."), "0"][:2])
    if not machine.driver:
        return ""
    for since, cuda in table("driver-cuda"):
        if compare_conda(since, machine.driver) >= 0:
            return cuda
    what = f"machine '{machine.name}' has driver {machine.driver}, which is older than every known driver"
    raise LockstepError(what, remedy='set the CUDA that it runs: cuda = "X.Y"')


def lacking(
    present: Iterable[VirtualPackage], needs: Mapping[str, str], allows: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the constraints that a machine with these virtual packages does not meet, such as ``__cuda >=12``."""
    by_name = {each.name: each for each in present}
    found = []
    for name, constraint in sorted({**allows, **needs}.items()):
        own = by_name.get(name)
        missing = own is None and name in needs
        if missing or (own is not None and not admits(constraint, own.version, own.build)):
            found.append(f"{name} {constraint}".removesuffix(" *"))
    return tuple(found)


def limits(group: MachineGroup) -> dict[str, tuple[str, ...]]:
    """Return the machines that limit a group, by virtual package: those with an older one than the others."""
    found = {}
    for shared in group.virtual_packages:
        having = {
            machine.name: {each.name: each for each in virtual_packages_of(machine)}
            for machine in group.machines
        }
        oldest = tuple(name for name, own in having.items() if own.get(shared.name) == shared)
        if len(oldest) < len(group.machines):
            found[shared.name] = oldest
    return found


def _major(machine: DeclaredMachine) -> int:
    """Return the CUDA major that a machine runs, 0 for none."""
    return int(cuda_of(machine).partition(".")[0] or 0)


def _common(machines: Sequence[DeclaredMachine]) -> tuple[VirtualPackage, ...]:
    return virtual.common(machines[0].platform, [virtual_packages_of(machine) for machine in machines])
