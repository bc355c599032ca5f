"""A smallest set of entries that has no solution (QuickXplain, Junker 2004), in few solves."""

from __future__ import annotations

import time
from dataclasses import replace

from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError

SEARCH_SECONDS = 30.0
"""The time to search for the smallest clash; after that the smallest one so far is returned."""


async def smallest_clash(solver: Solver, request: Request) -> tuple[RequestedSpec, ...]:
    """Return entries of an unsolvable request that have no solution, all of which are needed for that."""
    return await _Search(solver, request).smallest()


async def has_solution(solver: Solver, request: Request) -> bool:
    """Return whether a request has a solution."""
    try:
        await solver.records(request)
    except UnsolvableError:
        return False
    return True


class _Search:
    def __init__(self, solver: Solver, request: Request) -> None:
        self.solver = solver
        self.request = request
        self.until = time.monotonic() + SEARCH_SECONDS

    async def smallest(self) -> tuple[RequestedSpec, ...]:
        found = await self._within((), False, self.request.specs)
        chosen = set(found)
        return tuple(entry for entry in self.request.specs if entry in chosen)

    async def _within(
        self, kept: tuple[RequestedSpec, ...], grown: bool, left: tuple[RequestedSpec, ...]
    ) -> tuple[RequestedSpec, ...]:
        if grown and not await has_solution(self.solver, replace(self.request, specs=kept)):
            return ()
        if len(left) == 1 or time.monotonic() > self.until:
            return left
        middle = len(left) // 2
        first, second = left[:middle], left[middle:]
        from_second = await self._within((*kept, *first), bool(first), second)
        from_first = await self._within((*kept, *from_second), bool(from_second), first)
        return (*from_first, *from_second)
