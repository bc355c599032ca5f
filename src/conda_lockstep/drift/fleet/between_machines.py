"""Compares the locks of the machines that an environment is locked for, and the virtual packages that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conda_lockstep.config import DeclaredMachine
from conda_lockstep.drift.severity.layers import STACK, layer_of
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.solve.machines import virtual_packages_of
from conda_lockstep.packages import Key, Package, PackageSet

SHOWN = 5
"""The number of packages, or names, that are shown."""


@dataclass(frozen=True, slots=True)
class MachineSide:
    """Machines that share a solution: their names, the virtual packages that all of them have, and their packages.

    ``declared`` has the virtual packages of each machine by itself, if they are known.
    """

    machines: tuple[str, ...]
    virtual_packages: tuple[VirtualPackage, ...]
    packages: PackageSet
    declared: Mapping[str, tuple[VirtualPackage, ...]]

    def values(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return the values of a virtual package on these machines, each with the machines that have it."""
        found: dict[str, tuple[str, ...]] = {}
        for machine in self.machines:
            own = self.declared.get(machine, self.virtual_packages)
            value = _shown(next((each for each in own if each.name == name), None))
            found[value] = (*found.get(value, ()), machine)
        return found


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sides of one platform. ``virtual_packages`` are those that differ: the name, and the value on each side.

    ``changed`` are the packages that differ between the two; the lower layers of the stack come first.
    """

    platform: str
    one: MachineSide
    other: MachineSide
    virtual_packages: tuple[tuple[str, str, str], ...]
    changed: tuple[tuple[Package, Package], ...]
    only_one: tuple[Package, ...]
    only_other: tuple[Package, ...]


def differences(locks: Iterable[Lock], machines: Sequence[DeclaredMachine] = ()) -> Iterator[Difference]:
    """Yield, by platform, how each group of machines differs from the first; ``machines`` are the declared ones."""
    declared = {machine.name: virtual_packages_of(machine) for machine in machines}
    sides: dict[str, list[MachineSide]] = {}
    for lock in locks:
        for platform, packages in lock.platforms.items():
            names, profile = metadata.machines_of(lock, platform), metadata.machine_of(lock, platform)
            sides.setdefault(platform, []).append(MachineSide(names, profile, packages, declared))
    for platform, (first, *rest) in sorted(sides.items()):
        for other in rest:
            yield _difference(platform, first, other)


def lines(difference: Difference) -> Iterator[str]:
    """Yield a difference as text for a terminal: how many packages, why, and which."""
    one, other = (", ".join(_few(side.machines)) for side in (difference.one, difference.other))
    count = len(difference.changed) + len(difference.only_one) + len(difference.only_other)
    why = "; ".join(
        f"{name} is {_on(difference.one, name, mine)}, {_on(difference.other, name, theirs)}"
        for name, mine, theirs in difference.virtual_packages
    )
    yield f"{difference.platform}: {count} package{' differs' if count == 1 else 's differ'}: {why}"
    for mine, theirs in difference.changed[:SHOWN]:
        yield (
            f"  {mine.name}: {mine.version} {mine.build}".rstrip()
            + f" on {one}, {theirs.version} {theirs.build} on {other}"
        )
    rest = [mine.name for mine, _ in difference.changed[SHOWN:]]
    for label, names in (
        ("also different:", rest),
        (f"only on {one}:", [package.name for package in difference.only_one]),
        (f"only on {other}:", [package.name for package in difference.only_other]),
    ):
        if names:
            yield f"  {label} {', '.join(_few(names))}"


def _on(side: MachineSide, name: str, value: str) -> str:
    """Write the value of a virtual package; where the machines of a side have several, each with its machines."""
    values = side.values(name)
    if name != "__cuda" or "none" not in values or len(values) == 1:
        return f"{value} on {', '.join(_few(side.machines))}"
    return ", ".join(f"{each} on {', '.join(_few(machines))}" for each, machines in values.items())


def _few(names: Sequence[str]) -> list[str]:
    more = len(names) - SHOWN
    return [*names[:SHOWN], *([f"{more} more"] if more > 0 else [])]


def _difference(platform: str, one: MachineSide, other: MachineSide) -> Difference:
    both = one.packages.keys() & other.packages.keys()
    changed = [(one.packages[key], other.packages[key]) for key in both]
    return Difference(
        platform,
        one,
        other,
        virtual_packages=tuple(_virtual_packages(one, other)),
        changed=tuple(
            sorted((pair for pair in changed if pair[0] != pair[1]), key=lambda pair: _rank(pair[0]))
        ),
        only_one=_only(one.packages, other.packages),
        only_other=_only(other.packages, one.packages),
    )


def _virtual_packages(one: MachineSide, other: MachineSide) -> Iterator[tuple[str, str, str]]:
    mine, theirs = ({each.name: each for each in side.virtual_packages} for side in (one, other))
    for name in sorted({*mine, *theirs}):
        if mine.get(name) != theirs.get(name):
            yield name, _shown(mine.get(name)), _shown(theirs.get(name))


def _shown(package: VirtualPackage | None) -> str:
    if package is None:
        return "none"
    return package.version if package.build == "0" else package.build


def _only(mine: PackageSet, theirs: PackageSet) -> tuple[Package, ...]:
    missing: set[Key] = mine.keys() - theirs.keys()
    return tuple(sorted((mine[key] for key in missing), key=_rank))


def _rank(package: Package) -> tuple[int, str]:
    layer = layer_of(package)
    return (STACK.index(layer) if layer else len(STACK)), package.name
