"""Compares a lock with its channels today: with a new lock, and with the channels' files of the locked names."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.drift.attribution.channel_diff import compare_with_channel
from conda_lockstep.drift.attribution.index_diff import compare_with_index, index_packages
from conda_lockstep.drift.attribution.past import changed_since, cutoff_by_channels
from conda_lockstep.drift.attribution.solution import NO_SOLUTION, LockPair, Solution
from conda_lockstep.drift.compare.chains import with_chains
from conda_lockstep.drift.compare.compare import compare_platform
from conda_lockstep.drift.compare.operands import from_lock, side_of
from conda_lockstep.drift.compare.rows import row_of
from conda_lockstep.drift.license_terms import same_terms
from conda_lockstep.drift.model import Change, DriftClass
from conda_lockstep.drift.report import SEVERITIES, Comparison, Row
from conda_lockstep.drift.severity.grading import LICENSE, judge
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.explain.outdated import Newer, newer, remedy
from conda_lockstep.lock.explain.outdated_pip import newer_pip
from conda_lockstep.lock.explain.unsatisfiable import explain
from conda_lockstep.lock.explain.why import entries_of
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.index_pages import index_files
from conda_lockstep.lock.pip.requirements import pip_part
from conda_lockstep.lock.pip.resolve import index_access
from conda_lockstep.lock.pip.uv import sources
from conda_lockstep.lock.solve.index import published
from conda_lockstep.lock.solve.solve import Horizon, Request, Solver, UnsolvableError
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.lock.update.relock import request_from_lock
from conda_lockstep.packages import Package, PackageSet

FRESH, TODAY = "a new lock today", "the channels today"
HELD = "not upstream since: a new lock at the cut-off of this one already had it"


def against_today(
    file: EnvironmentFile, lock: Lock, label: str, solver: Solver, settings: Settings
) -> Iterator[Comparison]:
    """Yield the changes of the locked files, if any, then what else a new lock would change, with chains.

    ``settings`` are for one platform; see :mod:`lock.update.relock`. Raises ``LockstepError`` for a channel that cannot
    be read, and for a file that no longer has a solution: then after the first of the two, which may explain it.
    """
    files = against_channels(file, lock, label, solver, settings)
    if files.rows or files.notes:
        yield files
    new = against_new_lock(file, lock, label, solver, settings)
    shown = {row.shown for row in files.rows}
    yield replace(new, rows=tuple(row for row in new.rows if row.shown not in shown))


def against_new_lock(
    file: EnvironmentFile, lock: Lock, label: str, solver: Solver, settings: Settings
) -> Comparison:
    """Compare one platform of a lock with a lock made from scratch today.

    ``settings`` are for that platform alone; see :mod:`lock.update.relock`. Raises ``LockstepError`` for a channel that
    cannot be read, and for a file that no longer has a solution.
    """
    (platform,) = settings.platforms
    request = replace(request_from_lock(file, settings, lock), horizon=settings.horizon)
    fresh, held, today = asyncio.run(_solved(solver, request, lock.platforms[platform]))
    then = asyncio.run(_at_cutoff(solver, request, lock, fresh, today))
    if any(section.items for section in file.pip_sections):

        def locking(changed: EnvironmentFile) -> PackageSet:
            return make_lock(changed, settings, solver).platforms[platform]

        fresh = PackageSet({**fresh, **locking(file).only("pip")})
        held += newer_pip(file, lock.platforms[platform], locking, every=False)
    locked, entries = from_lock(lock, label), entries_of(file)
    solved = from_lock(_as_locked(fresh, lock, platform), FRESH)
    comparison = compare_platform(locked, solved, platform, name=label)
    comparison = with_chains(comparison, (locked, entries), (solved, entries))
    locks = LockPair(lock.platforms[platform], fresh)
    rows = (
        _held(row) if row.manager != "pip" and locks.reached(then, row) else _upstream(row, today)
        for row in comparison.rows
    )
    notes = (*_stale(file, lock, label, settings), *comparison.notes, *_held_back(held))
    return replace(comparison, rows=tuple(rows), notes=notes)


async def _solved(
    solver: Solver, request: Request, locked: PackageSet
) -> tuple[PackageSet, list[Newer], dict[str, Package]]:
    """Return the solution from scratch, the newer versions held back, and the channels' files of all names involved."""
    try:
        fresh = PackageSet.of(await solver.packages(request))
        held = await newer(solver, request, locked, every=False)
    except UnsolvableError as error:
        raise await explain(solver, request, str(error)) from None
    return fresh, held, await published(solver, request, (*locked.values(), *fresh.values()))


async def _at_cutoff(
    solver: Solver, request: Request, lock: Lock, fresh: PackageSet, today: dict[str, Package]
) -> Solution:
    """Return what a new lock had at the cut-off of this one, if there is a cut-off and anything changed."""
    cutoff = cutoff_by_channels(lock, request.platform, today)
    if cutoff is None or not LockPair(PackageSet(), lock.platforms[request.platform]).missed(_conda(fresh)):
        return NO_SOLUTION
    past = tuple(changed_since(lock, request.platform, today))
    try:
        packages = await solver.packages(replace(request, horizon=Horizon(all=cutoff), past=past))
    except UnsolvableError:
        return NO_SOLUTION
    return _conda(PackageSet.of(packages))


def _conda(packages: PackageSet) -> Solution:
    return Solution(packages, frozenset(("conda",)))


def _held(row: Row) -> Row:
    """Attribute a change to nothing that upstream did since."""
    return row._replace(attribution="unexplained", cause=HELD)


def _as_locked(fresh: PackageSet, lock: Lock, platform: str) -> Lock:
    """Return packages as a lock records them, so that details known only to the solver are not changes."""
    return cep37.parse(cep37.render(replace(lock, platforms={platform: fresh}, metadata={})), FRESH)


def against_channels(
    file: EnvironmentFile, lock: Lock, label: str, solver: Solver, settings: Settings
) -> Comparison:
    """Compare the locked files with the channels' files of the same names today; needs no solution."""
    (platform,) = settings.platforms
    locked, packages = from_lock(lock, label), lock.platforms[platform]
    today = asyncio.run(published(solver, request_from_lock(file, settings, lock), packages.values()))
    drift = compare_with_channel(packages, today, platform)
    withdrawn, notes = _withdrawn(file, packages, settings)
    drift = replace(drift, changes=(*drift.changes, *withdrawn))
    side = side_of(locked, packages)
    comparison = Comparison(
        name=f"files in {locked.label}",
        platform=platform,
        old=side,
        new=replace(side, label=TODAY),
        rows=tuple(_upstream(row_of(judgement), today) for judgement in judge(drift, packages, packages)),
        unchanged=len(drift.unchanged),
        notes=notes,
    )
    end = locked, entries_of(file)
    return with_chains(comparison, end, end)


def _withdrawn(
    file: EnvironmentFile, packages: PackageSet, settings: Settings
) -> tuple[list[Change], tuple[str, ...]]:
    """Return the locked pip files that were deleted or yanked, and a note if their index could not be asked."""
    pip = index_packages(packages)
    if not pip:
        return [], ()
    part = pip_part(file)
    if part.only_links:
        return [], ("pip's files were not compared: they come from pages of links, not from an index",)
    access = index_access(part, settings.mirrors, settings.index)
    indexes = [
        settings.mirrors.fetch_url(url) for url in sources(part, settings.index, settings.mirrors.trust)
    ]
    try:
        published = index_files((normalize(package.name) for package in pip), indexes, access)
    except LockstepError as error:
        return [], (f"pip's files were not compared: {error}",)
    return list(compare_with_index(packages, published)), ()


def _upstream(row: Row, today: dict[str, Package]) -> Row:
    """Attribute a change to upstream, with the upload date."""
    old, new = (
        side._replace(timestamp=today[side.url].timestamp) if side and side.url in today else side
        for side in (row.old, row.new)
    )
    cause = "upstream"
    if new and new.timestamp and "metadata" not in row.classes:
        day = datetime.datetime.fromtimestamp(new.timestamp, datetime.timezone.utc)
        cause = f"upstream, uploaded {day:%Y-%m-%d}"
    row = row._replace(old=old, new=new, attribution="upstream", cause=cause)
    return _with_license(row, today)


def _with_license(row: Row, today: dict[str, Package]) -> Row:
    """Add that the channel's index has another license for the new file than for the old one: locks record none."""
    before, after = (
        today[side.url].license if side and side.url in today else "" for side in (row.old, row.new)
    )
    if not (before and after) or same_terms(before, after):
        return row
    detail = "; ".join(filter(None, (row.detail, f"license: {after} instead of {before}")))
    severity, why = LICENSE
    if SEVERITIES.index(severity) < SEVERITIES.index(row.severity):
        classes = (DriftClass.LICENSE.value, *row.classes)
        return row._replace(classes=classes, severity=severity, why=why, detail=detail, follows="")
    return row._replace(classes=(*row.classes, DriftClass.LICENSE.value), detail=detail)


def _stale(file: EnvironmentFile, lock: Lock, label: str, settings: Settings) -> Iterator[str]:
    if is_satisfied(file, lock, platforms=settings.platforms, mirrors=settings.mirrors):
        yield f"{label} is stale for {file.path}: some of these changes come from the file, not from upstream"


def _held_back(found: Sequence[Newer]) -> Iterator[str]:
    """Yield the newer versions that a new lock would still not have, and what allows them."""
    for each in found:
        if each.fresh != each.newest:
            if each.available == (each.fresh or each.locked):
                yield f"{each.name} {each.newest} is not available: {each.why}"
            else:
                yield f"{each.name} {each.available} is available but not in a new lock: {remedy(each)}"
