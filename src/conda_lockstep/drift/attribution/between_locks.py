"""Attributes the changes between two locks, by solving their environment files again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.drift.attribution.counterfactual import attribute
from conda_lockstep.drift.report import Comparison, Report
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.paths import environment_of
from conda_lockstep.lock.update.make import Solvers
from conda_lockstep.lock.update.relock import LockedPlatform, platforms_of, read_lock, recorded_settings


def attributed(
    report: Report, old: Path, new: Path, trust: Trust, *, old_file: Path | None, file: Path | None
) -> Report:
    """Return a report on two locks with each change attributed.

    ``old_file`` and ``file`` are their environment files, None for the one next to each; ``trust`` is how far they are
    trusted. Raises ``LockstepError`` where there is none, and where ``old`` or ``new`` is not a lock.
    """
    return replace(report, comparisons=tuple(_attributed(report, old, new, trust, old_file, file)))


def _attributed(
    report: Report, old: Path, new: Path, trust: Trust, old_file: Path | None, file: Path | None
) -> Iterator[Comparison]:
    solvers, before = Solvers(), read_lock(old)
    found = {each.platform: each for each in platforms_of(new, trust, (), file)}
    base_file = read(old_file or _file_of(old))
    for comparison in report.comparisons:
        head = found.get(comparison.platform)
        if head is None or comparison.platform not in before.platforms:
            yield comparison  # a platform that was dropped or added: there is nothing to solve
            continue
        # Both are solved with the same settings: where files are fetched from is not what changed.
        settings = recorded_settings(base_file, head.config, before, comparison.platform)
        base = LockedPlatform(old, before, base_file, head.config, settings)
        yield attribute(comparison, base, head, solvers.of(head.settings))


def _file_of(lock: Path) -> Path:
    beside = environment_of(lock)
    if beside is None:
        raise LockstepError(
            "has no environment file beside it to solve",
            where=str(lock),
            remedy="pass the file that it was made from with --old-file",
        )
    return beside
