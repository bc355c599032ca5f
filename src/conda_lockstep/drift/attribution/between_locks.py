"""Attributes the changes between two locks, by solving their environment file again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.drift.attribution.counterfactual import attribute
from conda_lockstep.drift.report import Comparison, Report
from conda_lockstep.lock.explain.unsatisfiable import explain
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.solve import Solver, UnsolvableError
from conda_lockstep.lock.update.make import Solvers
from conda_lockstep.lock.update.relock import LockedPlatform, platforms_of, read_lock, request_from_lock


def attributed(report: Report, old: Path, new: Path, file: Path | None, trust: Trust) -> Report:
    """Return a report on two locks with each change attributed.

    ``file`` is the environment file of both, None for the one next to the new lock; ``trust`` is how far it is trusted.
    Raises ``LockstepError`` where
    there is none, and where ``old`` or ``new`` is not a lock.
    """
    solvers, base = Solvers(), read_lock(old)
    found = {each.platform: each for each in platforms_of(new, trust, (), file)}
    pairs = ((each, found[each.platform]) for each in report.comparisons)
    comparisons = (_attributed(each, base, head, solvers.of(head.settings)) for each, head in pairs)
    return replace(report, comparisons=tuple(comparisons))


def _attributed(comparison: Comparison, base: Lock, head: LockedPlatform, solver: Solver) -> Comparison:
    packages = head.lock.platforms[comparison.platform]
    try:
        return attribute(comparison, head.file, base, packages, solver, head.settings)
    except UnsolvableError as error:
        request = request_from_lock(head.file, head.settings, head.lock)
        raise asyncio.run(explain(solver, request, str(error))) from None
