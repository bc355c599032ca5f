"""What the channels have that is newer than what is locked, and which of the user's entries would have to give way.

Every answer comes from a solve: of the file as it is, and of the file with an entry that leaves its version open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rattler import RepoDataRecord, Version

from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.explain import solver_tree
from conda_lockstep.lock.explain.clash import has_solution, smallest_clash
from conda_lockstep.lock.explain.relax import build_pattern, pinned, without_constraint, without_version
from conda_lockstep.lock.solve.index import RecordIndex, look_up
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError
from conda_lockstep.packages import PackageSet
from conda_lockstep.text.listing import listed

SHOWN = 2
"""How many of the packages are named that would be older."""
_HOLDERS_SHOWN = 3
"""How many groups of entries are named that each let the newest in."""
SECONDS = 60.0
"""How long to look for what holds packages back; after that the rest is only listed."""


@dataclass(frozen=True, slots=True)
class Newer:
    """A locked package of which there is something newer.

    ``fresh`` is what a lock made now has, empty for none; ``newest`` what the channel has. Where the two differ,
    ``holders`` are the entries that hold it back: to open any one group of them lets ``newest`` in. Without holders,
    ``why`` says what does, or that it was not looked for.
    """

    manager: str
    name: str
    locked: str
    fresh: str
    newest: str
    entries: tuple[RequestedSpec, ...] = ()
    holders: tuple[tuple[RequestedSpec, ...], ...] = ()
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
        asked = dict.fromkeys(entry.name for entry in self.request.wanted)
        names = [name for name in asked if ("conda", name) in self.locked]
        if every:
            names += [name for _, name in self.locked if name not in asked]
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
        return tuple(entry for entry in self.request.wanted if entry.name == name)

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
        own = self._own(name)
        fresh = self.fresh[name].version if name in self.fresh else None
        found = Newer(
            "conda",
            name,
            self.locked["conda", name].version,
            str(fresh or ""),
            str(newest.version),
            own,
        )
        if fresh is not None and fresh >= newest.version:
            return found
        if time.monotonic() > self.until:
            return replace(found, why="not looked into: there was no time left")
        holders, why = await self._held(name, newest, own)
        return replace(found, holders=holders, why=why)

    async def _held(
        self, name: str, newest: RepoDataRecord, own: tuple[RequestedSpec, ...]
    ) -> tuple[tuple[tuple[RequestedSpec, ...], ...], str]:
        """Return the groups of entries that hold a version back; or none, and what else does."""
        pin = pinned(name, str(newest.version), own, self.request)
        others = [entry for entry in self.request.wanted if entry.name != name]
        closed = [entry for entry in others if without_constraint(entry)]
        open_all = [without_constraint(entry) or entry for entry in others]
        if not await self._works((pin, *open_all)):
            return (), f"nothing of yours: {await self._reason((pin, *open_all), name)}"
        blocking = tuple(entry for entry in own if not entry.fetch_spec.matches(newest))
        if blocking and await self._works((pin, *others)):
            return (blocking,), ""
        if price := await self._price((pin, *others)):
            return (), price
        groups = []
        for entry in closed:
            if time.monotonic() > self.until:
                break
            rest = [without_constraint(each) or each if each is entry else each for each in others]
            if await self._works((pin, *rest)):
                groups.append((*blocking, entry))
        if groups:
            return tuple(groups), ""
        return ((*blocking, *await self._together(pin, others, closed)),), ""

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

    async def _price(self, wanted: tuple[RequestedSpec, ...]) -> str:
        """Say what the solver would rather have than the newest version, where that can be had; empty where not."""
        try:
            records = await self.solver.records(replace(self.request, wanted=wanted))
        except UnsolvableError:
            return ""
        before = {record.name.normalized: record for record in records}
        older = [
            f"{name} {before[name].version}"
            for name, record in sorted(self.fresh.items())
            if name in before and before[name].version < record.version
        ]
        return f"can be had, with {listed(older[:SHOWN] or ['other builds'], 'and')}"

    async def _works(self, wanted: tuple[RequestedSpec, ...]) -> bool:
        return await has_solution(self.solver, replace(self.request, wanted=wanted))

    async def _reason(self, wanted: tuple[RequestedSpec, ...], name: str) -> str:
        """Say which package holds a version back that no entry of the user's does."""
        clash = await smallest_clash(self.solver, replace(self.request, wanted=wanted))
        try:
            await self.solver.records(replace(self.request, wanted=clash))
        except UnsolvableError as error:
            tree = solver_tree.parse(str(error))
            told = next(solver_tree.askers(tree, name), "")
            others = [entry for entry in clash if entry.name != name]
            behind = next((f", which line {entry.where.line} asks for" for entry in others), "")
            if told:
                return told + behind
            if others:
                return f"it does not go with any {others[0].name}{behind}"
            return next(iter(_needs(tree)), "it cannot be installed on such a machine")
        return ""


def remedy(found: Newer) -> str:
    """Return which entries to open for the newest version, or why none of them holds it back."""
    if not found.holders:
        return found.why or "a new lock has it"
    groups = [
        listed([f"'{entry.text}' (line {entry.where.line})" for entry in group], "and")
        for group in found.holders
    ]
    more = len(groups) - _HOLDERS_SHOWN
    return f"open {' or '.join(groups[:_HOLDERS_SHOWN])}" + (f" or {more} more" if more > 0 else "")


def _needs(tree: Sequence[solver_tree.SolverNode]) -> Iterator[str]:
    for root in tree:
        for node in root.walk():
            if node.kind in ("absent", "forbidden"):
                yield f"it needs {node.name} {' or '.join(node.what)}".rstrip()
