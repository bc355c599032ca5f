"""Attributes each change of a lock with four solves: the old and the new file, at the old lock's cut-off and now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.drift.attribution import cause_text
from conda_lockstep.drift.attribution.changed_lines import with_changed_lines
from conda_lockstep.drift.attribution.file_and_lock import FileAndLock
from conda_lockstep.drift.attribution.past import changed_since, cutoff_by_channels
from conda_lockstep.drift.attribution.solution import NO_SOLUTION, LockPair, Solution
from conda_lockstep.drift.attribution.verdict import Reached, verdict
from conda_lockstep.drift.report import Comparison, Row
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.explain.unsatisfiable import explain
from conda_lockstep.lock.solve.index import published
from conda_lockstep.lock.solve.keep import ALL, solve_keeping
from conda_lockstep.lock.solve.solve import NO_HORIZON, Horizon, Request, Solver, UnsolvableError
from conda_lockstep.lock.update.make import pip_packages
from conda_lockstep.lock.update.relock import LockedPlatform
from conda_lockstep.packages import Manager, Package, PackageSet

KEEP: frozenset[str] = frozenset()
"""The names to update where everything that was locked is kept, as ``lockstep lock`` does."""


@dataclass(frozen=True, slots=True)
class CounterfactualSolves:
    """What each file gives at each moment; :data:`NO_SOLUTION` for none, and for what was not needed.

    *Then* is the old lock's cut-off, *now* is when the new lock was made.
    """

    base_then: Solution
    head_then: Solution
    base_now: Solution
    head_now: Solution

    def reached(self, locks: LockPair, row: Row) -> Reached:
        """Return which solves have what the new lock has."""
        solutions = (self.base_then, self.head_then, self.base_now, self.head_now)
        return Reached(*(locks.reached(solution, row) for solution in solutions))


def attribute(
    comparison: Comparison, base: LockedPlatform, head: LockedPlatform, solver: Solver
) -> Comparison:
    """Attribute each row of the comparison of two locks of one platform.

    Raises ``LockstepError`` for a channel or an index that cannot be read, and for a new file without a solution now.
    """
    if not comparison.rows:
        return comparison
    return asyncio.run(_attribute(comparison, base, head, solver))


async def _attribute(
    comparison: Comparison, base: LockedPlatform, head: LockedPlatform, solver: Solver
) -> Comparison:
    sides = FileAndLock.of(base), FileAndLock.of(head)
    today = await _published(solver, *sides)
    with_pip = any(side.manager == "pip" for row in comparison.rows for side in (row.old, row.new) if side)
    solves = _Solves(*sides, solver, today, with_pip)
    found = await solves.all(comparison.rows)
    rows = tuple(_attributed(row, found, solves) for row in comparison.rows)
    traced = with_changed_lines(
        replace(comparison, rows=rows), base, head, (sides[0].request, sides[1].request)
    )
    return replace(traced, notes=(*comparison.notes, *solves.notes(found)))


def _attributed(row: Row, found: CounterfactualSolves, solves: _Solves) -> Row:
    row = row._replace(old=_dated(row.old, solves.today), new=_dated(row.new, solves.today))
    reached = found.reached(solves.locks, row)
    is_dated = row.new is None or row.new.manager == "pip" or row.new.timestamp > 0
    is_later = solves.is_later(row)
    is_proven = is_later is True or _managers(row) <= found.base_then.solved
    attribution = verdict(reached, is_dated=is_dated, is_proven=is_proven)
    cause = cause_text.cause_of(attribution, row, held_back=reached.base_then, is_later=is_later is not False)
    return row._replace(attribution=attribution, cause=cause)


def _managers(row: Row) -> set[Manager]:
    return {side.manager for side in (row.old, row.new) if side} or {"conda"}


def _dated(package: Package | None, today: Mapping[str, Package]) -> Package | None:
    known = today.get(package.url) if package else None
    if package is None or known is None or package.timestamp:
        return package
    return package._replace(timestamp=known.timestamp)


async def _published(solver: Solver, *sides: FileAndLock) -> dict[str, Package]:
    """Return what the channels have now for the locked names, by URL."""
    packages = {package.url: package for side in sides for package in side.packages.values()}
    found: dict[str, Package] = {}
    for sources in dict.fromkeys(side.request.sources for side in sides):
        request = replace(sides[0].request, channels=sources, specs=())
        found |= await published(solver, request, packages.values())
    return found


@dataclass(frozen=True, slots=True)
class _Moment:
    """A state of the channels: the time until which packages count, and locked packages to see as they were.

    Locked pip packages may be newer than the cut-off, which is that of the conda packages: it limits new ones only.
    """

    horizon: Horizon = NO_HORIZON
    pip_horizon: Horizon = NO_HORIZON
    past: tuple[Package, ...] = ()
    is_past: bool = False


class _Solves:
    """Solves both files at both moments as the new lock was made, and skips what the facts make unnecessary."""

    def __init__(
        self,
        base: FileAndLock,
        head: FileAndLock,
        solver: Solver,
        today: Mapping[str, Package],
        with_pip: bool,
    ) -> None:
        self.base = base
        self.head = head
        self.solver = solver
        self.with_pip = with_pip
        self.locks = LockPair(base.packages, head.packages)
        self.changed_since = tuple(changed_since(base.at.lock, base.at.platform, today))
        self.cutoff = cutoff_by_channels(base.at.lock, base.at.platform, today)
        self.made = cutoff_by_channels(head.at.lock, head.at.platform, today)
        self.today = today

    async def all(self, rows: Iterable[Row]) -> CounterfactualSolves:
        """Solve, first to find out how the new lock was made."""
        then = _Moment(
            Horizon(all=self.cutoff), Horizon(new=self.cutoff), past=self.changed_since, is_past=True
        )
        now, update, head_now = await self._as_made()
        same = self.base.requests_the_same(self.head)
        if same:
            head_then = await self._solution(self.head, then, update)
            return CounterfactualSolves(head_then, head_then, head_now, head_now)
        head_then, base_now = await asyncio.gather(
            self._solution(self.head, then, update), self._solution(self.base, now, update)
        )
        found = CounterfactualSolves(NO_SOLUTION, head_then, base_now, head_now)
        if any(self._needs_base_then(row, found) for row in rows):
            return replace(found, base_then=await self._solution(self.base, then, update))
        return found

    def notes(self, found: CounterfactualSolves) -> Iterator[str]:
        """Yield what makes the attribution uncertain."""
        if self.cutoff is None:
            yield cause_text.NO_CUTOFF
        elif "conda" not in found.head_then.solved:
            yield cause_text.unsolvable(f"{self.cutoff:%Y-%m-%d}")
        elif self.with_pip and "pip" not in found.head_then.solved:
            yield cause_text.PIP_UNSOLVABLE
        if not found.base_now.solved:
            yield cause_text.BASE_UNSOLVABLE
        known = {package.identity for package in self.base.packages.values()}
        undated = sum(
            package.manager == "conda" and not package.timestamp and package.identity not in known
            for package in found.head_then.packages.values()
        )
        if self.cutoff and undated:
            yield cause_text.undated(undated)

    async def _as_made(self) -> tuple[_Moment, frozenset[str], Solution]:
        """Find how the new lock was made: when, and which packages it updated. Return its solution again, too.

        A lock records neither. Of the ways to make one, the first that gives the same lock is taken, else the one that
        comes closest.
        """
        best: tuple[int, _Moment, frozenset[str], Solution] | None = None
        failure: Exception | None = None
        for now in self._moments():
            try:
                async for update, solution in self._ways(now):
                    missed = len(self.locks.missed(solution))
                    if best is None or missed < best[0]:
                        best = (missed, now, update, solution)
                    if not missed:
                        return now, update, solution
            except (UnsolvableError, LockstepError) as error:
                failure = failure or error
        if best is None:
            raise await self._explained(failure)
        return best[1:]

    def _moments(self) -> Iterator[_Moment]:
        """Yield when the new lock may have been made: what was uploaded since then is not part of the question.

        The second one is for channels whose index has other dates than the packages.
        """
        if self.made is not None:
            yield _Moment(Horizon(all=max(self.made, self.cutoff or self.made)))
        yield _Moment()

    async def _ways(self, now: _Moment) -> AsyncIterator[tuple[frozenset[str], Solution]]:
        """Yield the ways to make a lock, and what each gives now: keep, update everything, update some packages."""
        kept = await self._solve(self.head, now, KEEP)
        yield KEEP, kept
        fresh = await self._solve(self.head, now, ALL)
        yield ALL, fresh
        moved = self.locks.missed(kept) - self.locks.missed(fresh)
        names = frozenset(name for _, name in moved)
        requested = frozenset(entry.name for entry in self.head.request.specs)
        for update in dict.fromkeys((names & requested, names)):
            if update:
                newest = fresh.packages.only("conda").values()
                yield update, await self._solve(self.head, now, update, newest=[*newest])

    def _needs_base_then(self, row: Row, found: CounterfactualSolves) -> bool:
        """Return whether it is upstream that the old file has the new package now, or whether it always had it."""
        return self.is_later(row) is not True and found.reached(self.locks, row).base_now

    def is_later(self, row: Row) -> bool | None:
        """Return whether the new package was uploaded after the cut-off; None if a date is unknown."""
        known = self.today.get(row.new.url) if row.new else None
        if known is None or not known.timestamp or self.cutoff is None:
            return None
        return known.timestamp > self.cutoff.timestamp()

    async def _solution(self, side: FileAndLock, moment: _Moment, update: frozenset[str]) -> Solution:
        """Return a solution, or what there is of one."""
        try:
            return await self._solve(side, moment, update, partly=True)
        except UnsolvableError:
            return NO_SOLUTION

    async def _solve(
        self,
        side: FileAndLock,
        moment: _Moment,
        update: frozenset[str],
        *,
        newest: Sequence[Package] | None = None,
        partly: bool = False,
    ) -> Solution:
        """Solve; ``newest`` is the solution from scratch, if it is known.

        With ``partly``, a solution may lack its pip part, else that raises ``LockstepError``.
        """
        if update == KEEP and self._keeps_all(side, moment):
            return Solution(self.base.packages, frozenset(("conda", "pip")))
        kept = tuple(self.base.packages.only("conda").values())
        request = replace(side.request, kept=kept, horizon=moment.horizon, past=moment.past)
        conda = PackageSet.of(await solve_keeping(self.solver, request, update, side.at.file, newest))
        if not self.with_pip:
            return Solution(conda, frozenset(("conda",)))
        try:
            pip = self._pip_part(side, conda, request, moment, update)
        except LockstepError:
            if not partly:
                raise
            return Solution(conda, frozenset(("conda",)))
        return Solution(PackageSet({**conda, **pip}), frozenset(("conda", "pip")))

    def _pip_part(
        self,
        side: FileAndLock,
        conda: PackageSet,
        request: Request,
        moment: _Moment,
        update: frozenset[str],
    ) -> PackageSet:
        pip = self.base.packages.only("pip").values()
        locked = {package.name: package.version for package in pip if project_source(package) is None}
        kept = {name: version for name, version in locked.items() if update != ALL and name not in update}
        settings = replace(side.at.settings, horizon=moment.pip_horizon)

        def resolved(kept: Mapping[str, str]) -> PackageSet:
            found = pip_packages(
                side.at.file, side.pip, [*conda.values()], request, settings, kept, projects=side.projects
            )
            return PackageSet.of(found.packages if found else ())

        try:
            return resolved(kept)
        except LockstepError:
            # A locked pip package may be newer than the cut-off, and the file may require it.
            if not moment.is_past or kept == locked:
                raise
            return resolved(locked)

    def _keeps_all(self, side: FileAndLock, moment: _Moment) -> bool:
        """Return whether the old lock fits a file as it is: a solve that keeps it has nothing to do."""
        if side.request.machine != self.base.request.machine or (self.changed_since and not moment.is_past):
            return False
        lock, platform = self.base.at.lock, self.base.at.platform
        alone = replace(lock, platforms={platform: self.base.packages})
        return not is_satisfied(side.at.file, alone, mirrors=self.solver.mirrors)

    async def _explained(self, failure: Exception | None) -> Exception:
        if isinstance(failure, UnsolvableError):
            return await explain(self.solver, self.head.request, str(failure))
        return failure or LockstepError("has no solution", where=self.head.at.file.path)
