"""Solves for groups of machines: one solution for a whole group if there is one, else one for each machine."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.config import DeclaredMachine
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.envelope import envelope
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.machines import MachineGroup, apart, lacking, together
from conda_lockstep.packages import Package, PackageSet


@dataclass(frozen=True, slots=True)
class Solved:
    """The packages of a group of machines."""

    group: MachineGroup
    packages: PackageSet


Solve = Callable[[MachineGroup], Awaitable[tuple[Package, ...]]]
"""Returns the packages for the machines of a group; raises :class:`NoCommonError` if there is no solution."""

Suits = Callable[[MachineGroup, PackageSet], bool]
"""Returns whether a solution is good enough for a group, or each machine has to be solved for by itself."""


class NoCommonError(Exception):
    """There is no solution for a group; ``error`` has the reason."""

    def __init__(self, error: LockstepError) -> None:
        super().__init__(str(error))
        self.error = error


async def solve_groups(
    groups: Sequence[MachineGroup],
    solve: Solve,
    order: Sequence[DeclaredMachine],
    suits: Suits = lambda group, packages: True,
) -> tuple[Solved, ...]:
    """Solve for every group; those of one platform that get the same packages are one group then.

    ``order`` is that of the machines in the settings. Raises ``LockstepError`` for a machine without a solution.
    """
    found: list[Solved] = []
    for group in groups:
        found += await _solve(group, solve, suits)
    return tuple(_agreed(found, order))


async def _solve(group: MachineGroup, solve: Solve, suits: Suits) -> list[Solved]:
    # A machine alone may still have more than its group: the oldest machine of the platform limits every group.
    parts = apart(group)
    is_whole = parts in ((), (group,))
    try:
        packages = await solve(group)
    except NoCommonError as failed:
        if not is_whole:
            return [solved for part in parts for solved in await _solve(part, solve, suits)]
        raise _for_machines(failed.error, group) from None
    # What all of them have is enough for each, except where a package sets an upper bound.
    limits, found = envelope(packages), PackageSet.of(packages)
    lacks = any(lacking(part.virtual_packages, limits.needs, limits.allows) for part in parts)
    if not is_whole and (lacks or not suits(group, found)):
        return [solved for part in parts for solved in await _solve(part, solve, suits)]
    return [Solved(group, found)]


def _agreed(found: Sequence[Solved], order: Sequence[DeclaredMachine]) -> Iterator[Solved]:
    """Yield the solutions by platform, in the order of the machines; equal solutions are merged."""
    same: dict[tuple[str, tuple[Package, ...]], list[Solved]] = {}
    for solved in found:
        key = (solved.group.platform, tuple(solved.packages.values()))
        same.setdefault(key, []).append(solved)
    merged = [
        Solved(together([each.group for each in alike], order), alike[0].packages) for alike in same.values()
    ]
    yield from sorted(merged, key=lambda solved: (solved.group.platform, _place(solved.group, order)))


def _place(group: MachineGroup, order: Sequence[DeclaredMachine]) -> int:
    return order.index(group.machines[0]) if group.machines else 0


def _for_machines(error: LockstepError, group: MachineGroup) -> LockstepError:
    """Return an error with the machines that it is about."""
    names = ", ".join(group.names)
    cuda = next((fact.version for fact in group.virtual_packages if fact.name == "__cuda"), "")
    remedy = error.remedy
    detail = tuple(
        _LIMIT.sub(rf"\1the driver runs at most CUDA {cuda}, which requires \2 \3", line)
        for line in error.detail
    )
    if detail != error.detail and not names:
        remedy = f"the driver is assumed to support CUDA {cuda}: change --cuda or the requested version"
    elif detail != error.detail:
        remedy = f"request an older CUDA, or update the driver of {names} and the settings"
    elif names and "--cuda" in remedy:
        remedy = f"set in the settings which driver {names} has, or leave the build to the solver"
    what = f"for {names}: {error.what}" if names else error.what
    return LockstepError(what, where=error.where, remedy=remedy, detail=detail)


_LIMIT = re.compile(r"(^\W*)the constraint (\S+) (<\S+) cannot be fulfilled")


def arrange(solved: Sequence[Solved], head: Lock) -> dict[str, Lock]:
    """Return the locks by machine: ``""`` has the platforms that all machines agree on.

    The machines that share a solution share a lock, which is named after the first of them. ``head`` has the contents
    that all of the locks share.
    """
    groups: dict[str, list[Solved]] = {}
    for each in solved:
        alone = sum(other.group.platform == each.group.platform for other in solved) == 1
        groups.setdefault("" if alone else each.group.names[0], []).append(each)
    return {name: _lock(groups[name], head) for name in sorted(groups)}


def _lock(solved: Sequence[Solved], head: Lock) -> Lock:
    described = dict(head.metadata)
    for each in solved:
        described |= metadata.describe(
            each.group.platform, each.group.virtual_packages, each.packages.values(), each.group.names
        )
    return Lock(
        platforms={each.group.platform: each.packages for each in solved},
        channels=head.channels,
        sources=head.sources,
        notices=head.notices,
        metadata=described,
    )
