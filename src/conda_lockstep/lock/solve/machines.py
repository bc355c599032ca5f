"""The machines that a lock is for: the virtual packages of each, and which of them share one solve."""

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
    """Machines of one platform that are solved for at once; none where the settings declare none for it.

    ``virtual_packages`` are those that all of them have.
    """

    platform: str
    virtual_packages: tuple[VirtualPackage, ...]
    machines: tuple[DeclaredMachine, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the machines, in the order of the settings."""
        return tuple(machine.name for machine in self.machines)


def expected_platforms(file: EnvironmentFile, asked: Sequence[str], config: Config) -> tuple[str, ...]:
    """Return the platforms that the locks must have, no more and no less; none where any will do."""
    own = tuple(asked) or tuple(item.value for item in file.platforms) or config.platforms
    return own or tuple(sorted({machine.platform for machine in config.machines}))


def machines_for(config: Config, platforms: Sequence[str]) -> tuple[DeclaredMachine, ...]:
    """Return the declared machines that are of some platforms."""
    return tuple(machine for machine in config.machines if machine.platform in platforms)


def refuse_unknown(name: str, config: Config) -> None:
    """Refuse a machine that the settings do not declare; an empty name is none. Raises ``LockstepError``."""
    known = [machine.name for machine in config.machines]
    if name and name not in known:
        remedy = f"known are {', '.join(known)}" if known else "declare it in the settings: [machines.NAME]"
        raise LockstepError(f"there is no machine '{name}' in the settings", remedy=remedy)


def groups_of(
    machines: Sequence[DeclaredMachine], platforms: Iterable[str], cuda: str = ""
) -> tuple[MachineGroup, ...]:
    """Return what to solve for, by platform: its machines, by the CUDA major that their drivers run.

    The minor releases of one CUDA major run on every driver of it, so those machines share a solution; the oldest of
    them decides. All else is taken from the oldest machine of the platform: a lock differs for its CUDA alone.
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
            driver = [fact for fact in _common(members) if fact.name == "__cuda"]
            rest = [fact for fact in shared if fact.name != "__cuda"]
            groups.append(MachineGroup(platform, tuple(sorted((*rest, *driver))), members))
    return tuple(groups)


def apart(group: MachineGroup) -> tuple[MachineGroup, ...]:
    """Return a group's machines for themselves: those that have the same facts stay together."""
    by_facts: dict[tuple[VirtualPackage, ...], list[DeclaredMachine]] = {}
    for machine in group.machines:
        by_facts.setdefault(virtual_packages_of(machine), []).append(machine)
    return tuple(MachineGroup(group.platform, facts, tuple(machines)) for facts, machines in by_facts.items())


def together(groups: Sequence[MachineGroup], order: Sequence[DeclaredMachine]) -> MachineGroup:
    """Return several groups of one platform as one; ``order`` is that of the settings."""
    members = {machine for group in groups for machine in group.machines}
    shared = virtual.common(groups[0].platform, [group.virtual_packages for group in groups])
    return MachineGroup(groups[0].platform, shared, tuple(machine for machine in order if machine in members))


def virtual_packages_of(machine: DeclaredMachine) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of a declared machine. Raises ``LockstepError`` for a driver that no CUDA ran on."""
    return virtual.virtual_packages(
        machine.platform, cuda_of(machine), glibc=machine.glibc, archspec=machine.archspec
    )


def cuda_of(machine: DeclaredMachine) -> str:
    """Return the newest CUDA that a machine's driver runs, as major and minor; empty where it has no GPU."""
    if machine.cuda:
        return ".".join([*machine.cuda.split("."), "0"][:2])
    if not machine.driver:
        return ""
    for since, cuda in table("driver-cuda"):
        if compare_conda(since, machine.driver) >= 0:
            return cuda
    what = f"machine '{machine.name}' has driver {machine.driver}, which is older than any that is known"
    raise LockstepError(what, remedy='say which CUDA it runs: cuda = "X.Y"')


def lacking(
    facts: Iterable[VirtualPackage], needs: Mapping[str, str], allows: Mapping[str, str]
) -> tuple[str, ...]:
    """Return what a machine with these virtual packages lacks: constraints as packages write them, ``__cuda >=12``."""
    by_name = {fact.name: fact for fact in facts}
    found = []
    for name, constraint in sorted({**allows, **needs}.items()):
        fact = by_name.get(name)
        missing = fact is None and name in needs
        if missing or (fact is not None and not admits(constraint, fact.version, fact.build)):
            found.append(f"{name} {constraint}".removesuffix(" *"))
    return tuple(found)


def limits(group: MachineGroup) -> dict[str, tuple[str, ...]]:
    """Return which machines hold a group back, by virtual package: those with less of it than the others."""
    found = {}
    for fact in group.virtual_packages:
        having = {
            machine.name: {each.name: each for each in virtual_packages_of(machine)}
            for machine in group.machines
        }
        oldest = tuple(name for name, facts in having.items() if facts.get(fact.name) == fact)
        if len(oldest) < len(group.machines):
            found[fact.name] = oldest
    return found


def _major(machine: DeclaredMachine) -> int:
    """Return the CUDA major that a machine runs, 0 for none."""
    return int(cuda_of(machine).partition(".")[0] or 0)


def _common(machines: Sequence[DeclaredMachine]) -> tuple[VirtualPackage, ...]:
    return virtual.common(machines[0].platform, [virtual_packages_of(machine) for machine in machines])
