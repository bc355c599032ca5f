"""Attributes each change of a lock by solving the changed file as of the old lock's cut-off, and as of now."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conda_lockstep.drift.attribution import cause_text
from conda_lockstep.drift.compare.diff import same_bytes
from conda_lockstep.drift.compare.envelope_change import compare_envelopes
from conda_lockstep.drift.report import Attribution, Comparison, Row
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.records import package_of
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import newest_of
from conda_lockstep.lock.solve.index import look_up
from conda_lockstep.lock.solve.solve import Horizon, Request, Solver, UnsolvableError
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.lock.update.relock import request_from_lock
from conda_lockstep.packages import Key, Package, PackageSet


@dataclass(frozen=True, slots=True)
class CounterfactualSolves:
    """The package sets that distinguish causes, all of one platform.

    ``changed`` is the solution of the changed file at the cut-off of ``base``, with as few changes as possible;
    ``fresh`` is its solution now, from scratch. ``published`` are the channels' files of the packages in question, by
    URL. ``cutoff`` is the upload time of the newest package of ``base``, in seconds, 0 where the lock has none.
    """

    base: PackageSet
    changed: PackageSet
    fresh: PackageSet
    head: PackageSet
    published: Mapping[str, Package]
    cutoff: int


def attribute(
    comparison: Comparison,
    file: EnvironmentFile,
    base: Lock,
    head: PackageSet,
    solver: Solver,
    settings: Settings,
) -> Comparison:
    """Attribute each row of the comparison of ``base`` with ``head``; ``file`` is the changed environment file.

    ``settings`` are for the comparison's platform alone; see :mod:`lock.update.relock`. Raises ``LockstepError`` for a
    channel that cannot be read, and ``UnsolvableError`` for a changed file that has no solution now.
    """
    if not comparison.rows:
        return comparison
    request = request_from_lock(file, settings, base)
    solves, notes = asyncio.run(_counterfactual_solves(comparison, base, head, solver, request))
    if any(row.manager == "pip" or _manager_before(row) == "pip" for row in comparison.rows):
        solves, more = _with_pip(solves, file, base, solver, settings)
        notes += more
    rows = tuple(attributed(row, solves) for row in comparison.rows)
    return replace(comparison, rows=rows, notes=(*comparison.notes, *notes))


def attributed(row: Row, solves: CounterfactualSolves) -> Row:
    """Return a row with its attribution, and with the upload dates of its files where the channels record them."""
    row = row._replace(old=_dated(row.old, solves), new=_dated(row.new, solves))
    attribution = _of_bound(row.subject, solves) if row.manager == "machine" else _of_packages(row, solves)
    return row._replace(attribution=attribution, cause=cause_text.cause_of(attribution, row))


async def published(solver: Solver, request: Request, packages: Iterable[Package]) -> dict[str, Package]:
    """Return the channels' files with the names of some conda packages, by URL as written in a lock."""
    names = {package.name for package in packages if package.manager == "conda"}
    index = await look_up(solver, request, names)
    records = (record for name in names for records in index.of(name).values() for record in records)
    found = (package_of(record, solver.mirrors) for record in records)
    return {package.url: package for package in found}


def cutoff_of(lock: Lock, platform: str) -> datetime.datetime | None:
    """Return the moment at which all packages of a lock were uploaded; a lock records it in whole seconds."""
    newest = newest_of(lock, platform)
    return newest + datetime.timedelta(seconds=1) if newest else None


async def _counterfactual_solves(
    comparison: Comparison, base: Lock, head: PackageSet, solver: Solver, request: Request
) -> tuple[CounterfactualSolves, list[str]]:
    platform = comparison.platform
    before, moment = base.platforms[platform], cutoff_of(base, platform)
    minimal = replace(request, kept=tuple(before.only("conda").values()), gone_too=True)
    changed, notes = await _changed(solver, minimal, moment)
    fresh = await _solved(solver, request)
    sides = [side for row in comparison.rows for side in (row.old, row.new) if side]
    solves = CounterfactualSolves(
        before,
        changed,
        fresh,
        head,
        await published(solver, request, sides),
        int(moment.timestamp()) if moment else 0,
    )
    undated = sum(not package.timestamp for package in changed.values())
    if moment and undated:
        notes.append(cause_text.undated(undated))
    return solves, notes


async def _changed(
    solver: Solver, minimal: Request, moment: datetime.datetime | None
) -> tuple[PackageSet, list[str]]:
    """Solve the changed file at the old lock's cut-off, or now where it had no solution then."""
    if moment is None:
        return await _solved(solver, minimal), [cause_text.NO_CUTOFF]
    try:
        return await _solved(solver, replace(minimal, horizon=Horizon(all=moment))), []
    except UnsolvableError:
        return await _solved(solver, minimal), [cause_text.unsolvable(f"{moment:%Y-%m-%d}")]


async def _solved(solver: Solver, request: Request) -> PackageSet:
    return PackageSet.of(await solver.packages(request))


def _with_pip(
    solves: CounterfactualSolves, file: EnvironmentFile, base: Lock, solver: Solver, settings: Settings
) -> tuple[CounterfactualSolves, list[str]]:
    """Add the pip part's solutions at the cut-off and now."""
    moment = datetime.datetime.fromtimestamp(solves.cutoff, datetime.timezone.utc) if solves.cutoff else None
    (platform,) = settings.platforms

    def pip_of(lock: Lock) -> PackageSet:
        return lock.platforms[platform].only("pip")

    notes: list[str] = []
    try:
        # The cut-off is that of the newest conda package: locked pip packages may be newer, and are kept.
        then = pip_of(make_lock(file, replace(settings, horizon=Horizon(new=moment)), solver, (base,)))
    except LockstepError:
        then = solves.head.only("pip")
        notes.append(cause_text.PIP_UNSOLVABLE)
    now = pip_of(make_lock(file, settings, solver))
    changed, fresh = PackageSet({**solves.changed, **then}), PackageSet({**solves.fresh, **now})
    return replace(solves, changed=changed, fresh=fresh), notes


def _manager_before(row: Row) -> str:
    return row.old.manager if row.old else ""


def _dated(package: Package | None, solves: CounterfactualSolves) -> Package | None:
    known = solves.published.get(package.url) if package else None
    if package is None or known is None or package.timestamp:
        return package
    return package._replace(timestamp=known.timestamp)


def _of_packages(row: Row, solves: CounterfactualSolves) -> Attribution:
    keys = {side.key for side in (row.old, row.new) if side}
    by_file = any(_changed_by_file(key, solves) for key in keys)
    later = [key for key in keys if not _alike(solves.changed.get(key), solves.head.get(key))]
    if later:
        if not all(_is_upstream(key, solves) for key in later):
            return "unexplained"
        return "both" if by_file else "upstream"
    if by_file:
        return "pull_request"
    return "upstream" if all(_as_published(key, solves) for key in keys) else "unexplained"


def _changed_by_file(key: Key, solves: CounterfactualSolves) -> bool:
    """Whether the change of the file changed a package."""
    return not _same(solves.base.get(key), solves.changed.get(key))


def _is_upstream(key: Key, solves: CounterfactualSolves) -> bool:
    """Whether uploads explain a locked package: it was uploaded after the cut-off, or a solve selects it now."""
    found = solves.head.get(key)
    if found is None:
        return solves.fresh.get(key) is None
    known = solves.published.get(found.url)
    if found.manager == "conda" and (known is None or same_bytes(found, known) is False):
        return False
    if _alike(found, solves.fresh.get(key)):
        return True
    return bool(known and solves.cutoff and known.timestamp > solves.cutoff)


def _as_published(key: Key, solves: CounterfactualSolves) -> bool:
    """Whether a locked file has the same bytes as the channel's now."""
    found = solves.head.get(key)
    if found is None or found.manager != "conda":
        return False
    known = solves.published.get(found.url)
    return known is not None and same_bytes(found, known) is not False


def _of_bound(name: str, solves: CounterfactualSolves) -> Attribution:
    """Attribute the change of a bound on the machine."""

    def moves(old: PackageSet, new: PackageSet) -> bool:
        return any(change.virtual_package == name for change in compare_envelopes(old, new))

    by_file, later = moves(solves.base, solves.changed), moves(solves.changed, solves.head)
    if by_file:
        return "both" if later else "pull_request"
    return "upstream" if later and not moves(solves.fresh, solves.head) else "unexplained"


def _same(one: Package | None, other: Package | None) -> bool:
    """Whether two packages are the same file by name, regardless of their hashes."""
    if one is None or other is None:
        return one is other
    return (one.identity, one.channel) == (other.identity, other.channel)


def _alike(one: Package | None, other: Package | None) -> bool:
    if one is None or other is None:
        return one is other
    return _same(one, other) and same_bytes(one, other) is not False
