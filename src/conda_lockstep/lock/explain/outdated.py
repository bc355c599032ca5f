"""Finds what is newer than what is locked, the newest that the user could have, and what rules out the rest.

Every answer comes from a solve: of the file as it is, and of the file with entries that leave their version open.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rattler import RepoDataRecord, Version

from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.explain.clash import has_solution
from conda_lockstep.lock.explain.held_back import reason
from conda_lockstep.lock.explain.relax import (
    build_pattern,
    newer_than,
    pinned,
    without_constraint,
    without_version,
)
from conda_lockstep.lock.solve.index import RecordIndex, look_up
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError
from conda_lockstep.packages import PackageSet
from conda_lockstep.text.listing import listed

SHOWN = 2
"""The number of packages that are shown of those that would be older."""
_HOLDERS_SHOWN = 3
"""The number of groups of entries that are shown of those that each allow the version."""
SECONDS = 60.0
"""The time to search for what holds packages back; after that the rest is only listed."""


@dataclass(frozen=True, slots=True)
class Newer:
    """A locked package that has a newer version.

    ``fresh`` is the version in a lock made now, empty for none; ``newest`` is that of the channel. ``available`` is the
    newest that the user could have: a new lock has it, or a lock of the file with one group of ``holders`` opened has.
    ``alone`` is the version that opening the package's own entries gives, if it is older than that. ``why`` is the
    reason why ``newest`` is not available, ``price`` what else changes where no entry holds ``available`` back.
    """

    manager: str
    name: str
    locked: str
    fresh: str
    available: str
    newest: str
    entries: tuple[RequestedSpec, ...] = ()
    holders: tuple[tuple[RequestedSpec, ...], ...] = ()
    alone: str = ""
    price: str = ""
    why: str = ""


async def newer(
    solver: Solver, request: Request, locked: PackageSet, *, every: bool, seconds: float = SECONDS
) -> list[Newer]:
    """Return the outdated packages among those that entries name, or with ``every`` among all conda packages.

    Raises :class:`UnsolvableError` where the file has no solution any more.
    """
    return await _OutdatedSearch(solver, request, locked, time.monotonic() + seconds).newer(every)


class _OutdatedSearch:
    """What stays the same from package to package."""

    def __init__(self, solver: Solver, request: Request, locked: PackageSet, until: float) -> None:
        self.solver = solver
        self.request = request
        self.locked = locked.only("conda")
        self.until = until
        self.fresh: dict[str, RepoDataRecord] = {}

    async def newer(self, every: bool) -> list[Newer]:
        requested = dict.fromkeys(entry.name for entry in self.request.specs)
        names = [name for name in requested if ("conda", name) in self.locked]
        if every:
            names += [name for _, name in self.locked if name not in names]
        index = await look_up(self.solver, self.request, names)
        records = await self.solver.records(self.request)
        self.fresh = {record.name.normalized: record for record in records}
        found = []
        for name in names:
            newest = self._newest(name, index)
            if newest is None or newest.version <= Version(self.locked["conda", name].version):
                continue
            found.append(await self._newer(name, newest))
        return found

    def _own(self, name: str) -> tuple[RequestedSpec, ...]:
        return tuple(entry for entry in self.request.specs if entry.name == name)

    def _newest(self, name: str, index: RecordIndex) -> RepoDataRecord | None:
        """Return the newest record of the first channel that has the name, of the builds that the user asks for."""
        own = self._own(name)
        held = index.of(name)
        channel: LockChannel | None = next((entry.channel for entry in own if entry.channel), None)
        records = held.get(channel, ()) if channel else next(iter(held.values()), ())
        specs = [(without_version(entry) or entry).fetch_spec for entry in own if build_pattern(entry)]
        fitting = [record for record in records if all(spec.matches(record) for spec in specs)]
        return max(fitting, key=lambda record: record.version, default=None)

    async def _newer(self, name: str, newest: RepoDataRecord) -> Newer:
        own, locked = self._own(name), self.locked["conda", name].version
        fresh = self.fresh[name].version if name in self.fresh else None
        found = Newer("conda", name, locked, str(fresh or ""), str(fresh or locked), str(newest.version), own)
        if fresh is not None and fresh >= newest.version:
            return found
        if time.monotonic() > self.until:
            return replace(found, why="not examined: the time limit was reached")
        others = [entry for entry in self.request.specs if entry.name != name]
        opened = [without_constraint(entry) or entry for entry in others]
        best = await self._best(name, opened, found.available)
        if best is None or best.version < newest.version:
            pin = pinned(name, found.newest, own, self.request)
            why = await reason(self.solver, replace(self.request, specs=(pin, *opened)), pin)
            found = replace(found, why=why)
        return await self._opened(found, best, others) if best else found

    async def _best(self, name: str, others: Sequence[RequestedSpec], above: str) -> RepoDataRecord | None:
        """Return the newest record of a package, above a version, that a solution with other entries has."""
        best = None
        while time.monotonic() < self.until:
            bound = newer_than(name, above, self._own(name), self.request)
            try:
                records = await self.solver.records(replace(self.request, specs=(bound, *others)))
            except UnsolvableError:
                return best
            best = next(record for record in records if record.name.normalized == name)
            above = str(best.version)
        return best

    async def _opened(self, found: Newer, best: RepoDataRecord, others: Sequence[RequestedSpec]) -> Newer:
        """Return what is found with the groups of entries that hold the best version back."""
        found = replace(found, available=str(best.version))
        pin = pinned(found.name, found.available, found.entries, self.request)
        blocking = tuple(entry for entry in found.entries if not entry.fetch_spec.matches(best))
        if await self._works((pin, *others)):
            if blocking:
                return replace(found, holders=(blocking,))
            return replace(found, price=await self._price((pin, *others)))
        alone = await self._best(found.name, others, found.fresh or found.locked) if blocking else None
        holders = await self._groups(pin, blocking, others)
        return replace(found, holders=holders, alone=str(alone.version) if alone else "")

    async def _groups(
        self, pin: RequestedSpec, blocking: tuple[RequestedSpec, ...], others: Sequence[RequestedSpec]
    ) -> tuple[tuple[RequestedSpec, ...], ...]:
        """Return the groups of entries, each of which allows a version when it is opened."""
        closed = [entry for entry in others if without_constraint(entry)]
        groups = []
        for entry in closed:
            if time.monotonic() > self.until:
                break
            rest = [without_constraint(each) or each if each is entry else each for each in others]
            if await self._works((pin, *rest)):
                groups.append((*blocking, entry))
        return tuple(groups) or ((*blocking, *await self._together(pin, others, closed)),)

    async def _together(
        self, pin: RequestedSpec, others: Sequence[RequestedSpec], closed: Sequence[RequestedSpec]
    ) -> tuple[RequestedSpec, ...]:
        """Return entries that have to be opened all together: opening the rest as well is not needed."""
        opened = list(closed)
        for entry in closed:
            if time.monotonic() > self.until:
                break
            left = [each for each in opened if each is not entry]
            rest = [without_constraint(each) or each if each in left else each for each in others]
            if await self._works((pin, *rest)):
                opened = left
        return tuple(opened)

    async def _price(self, specs: tuple[RequestedSpec, ...]) -> str:
        """Return the packages that are older, or other builds, in a solution with a version."""
        records = await self.solver.records(replace(self.request, specs=specs))
        before = {record.name.normalized: record for record in records}
        older = [
            f"{name} {before[name].version}"
            for name, record in sorted(self.fresh.items())
            if name in before and before[name].version < record.version
        ]
        return listed(older[:SHOWN] or ["other builds"], "and")

    async def _works(self, specs: tuple[RequestedSpec, ...]) -> bool:
        return await has_solution(self.solver, replace(self.request, specs=specs))


def remedy(found: Newer) -> str:
    """Return which entries to open for the newest available version, and why the newest of all is not available."""
    parts = []
    if found.holders:
        groups = [
            listed([f"'{entry.text}' (line {entry.where.line})" for entry in group], "and")
            for group in found.holders
        ]
        more = len(groups) - _HOLDERS_SHOWN
        parts.append(
            f"open {' or '.join(groups[:_HOLDERS_SHOWN])}" + (f" or {more} more" if more > 0 else "")
        )
    elif found.price:
        parts.append(f"available with {found.price}")
    elif found.available == found.fresh != found.locked:
        parts.append("a new lock has it")
    if found.alone:
        own = listed([f"'{entry.text}' (line {entry.where.line})" for entry in found.entries], "and")
        parts.append(f"opening {own} alone gives {found.alone}")
    if found.why:
        parts.append(f"not {found.newest}: {found.why}" if parts else found.why)
    return "; ".join(parts)
