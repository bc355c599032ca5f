"""Whose doing each change of a lock is: told by solving the changed file as if the old lock's last day were today."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conda_lockstep.drift.attribution import verdict as told
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
    """The package sets that tell causes apart, all of one platform.

    ``changed`` is what the changed file gave when ``base`` was locked, as little changed as can be; ``fresh`` what it
    gives now from nothing. ``published`` are the files of the packages in question that the channels have, by URL.
    ``cutoff`` is when the newest of ``base`` was uploaded, in seconds, 0 where the lock does not say.
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
    """Say of each row of ``base`` against ``head`` whose doing it is; ``file`` is as it was changed.

    ``settings`` are for the comparison's platform alone; see ``lock.again``. Raises ``LockstepError`` for a channel
    that cannot be read, and ``UnsolvableError`` for a changed file that has no solution now.
    """
    if not comparison.rows:
        return comparison
    request = request_from_lock(file, settings, base)
    worlds, notes = asyncio.run(_worlds(comparison, base, head, solver, request))
    if any(row.manager == "pip" or _manager_before(row) == "pip" for row in comparison.rows):
        worlds, more = _with_pip(worlds, file, base, solver, settings)
        notes += more
    rows = tuple(explained(row, worlds) for row in comparison.rows)
    return replace(comparison, rows=rows, notes=(*comparison.notes, *notes))


def explained(row: Row, worlds: CounterfactualSolves) -> Row:
    """Return a row with its cause, and with the dates of its files where the channels know them."""
    row = row._replace(old=_dated(row.old, worlds), new=_dated(row.new, worlds))
    blame: Attribution = (
        _of_machine(row.subject, worlds) if row.manager == "machine" else _of_keys(row, worlds)
    )
    return row._replace(blame=blame, cause=told.words(blame, row))


async def published(solver: Solver, request: Request, packages: Iterable[Package]) -> dict[str, Package]:
    """Return what the channels hold under the names of some conda packages, by URL as a lock names it."""
    names = {package.name for package in packages if package.manager == "conda"}
    index = await look_up(solver, request, names)
    records = (record for name in names for records in index.of(name).values() for record in records)
    found = (package_of(record, solver.mirrors) for record in records)
    return {package.url: package for package in found}


def cutoff_of(lock: Lock, platform: str) -> datetime.datetime | None:
    """Return the moment at which all packages of a lock were there: it names the newest in whole seconds."""
    newest = newest_of(lock, platform)
    return newest + datetime.timedelta(seconds=1) if newest else None


async def _worlds(
    comparison: Comparison, base: Lock, head: PackageSet, solver: Solver, request: Request
) -> tuple[CounterfactualSolves, list[str]]:
    platform = comparison.platform
    before, moment = base.platforms[platform], cutoff_of(base, platform)
    minimal = replace(request, kept=tuple(before.only("conda").values()), gone_too=True)
    changed, notes = await _changed(solver, minimal, moment)
    fresh = await _solved(solver, request)
    sides = [side for row in comparison.rows for side in (row.old, row.new) if side]
    worlds = CounterfactualSolves(
        before,
        changed,
        fresh,
        head,
        await published(solver, request, sides),
        int(moment.timestamp()) if moment else 0,
    )
    undated = sum(not package.timestamp for package in changed.values())
    if moment and undated:
        notes.append(told.undated(undated))
    return worlds, notes


async def _changed(
    solver: Solver, minimal: Request, moment: datetime.datetime | None
) -> tuple[PackageSet, list[str]]:
    """Solve the changed file at the old lock's cut-off; today, where it had no solution then."""
    if moment is None:
        return await _solved(solver, minimal), [told.AGELESS]
    try:
        return await _solved(solver, replace(minimal, horizon=Horizon(all=moment))), []
    except UnsolvableError:
        return await _solved(solver, minimal), [told.unsolvable(f"{moment:%Y-%m-%d}")]


async def _solved(solver: Solver, request: Request) -> PackageSet:
    return PackageSet.of(await solver.packages(request))


def _with_pip(
    worlds: CounterfactualSolves, file: EnvironmentFile, base: Lock, solver: Solver, settings: Settings
) -> tuple[CounterfactualSolves, list[str]]:
    """Add what the pip part gave then, and gives now."""
    moment = datetime.datetime.fromtimestamp(worlds.cutoff, datetime.timezone.utc) if worlds.cutoff else None
    (platform,) = settings.platforms

    def pip_of(lock: Lock) -> PackageSet:
        return lock.platforms[platform].only("pip")

    notes: list[str] = []
    try:
        # The moment is that of conda's newest: what pip had locked may be newer, and stays.
        then = pip_of(make_lock(file, replace(settings, horizon=Horizon(new=moment)), solver, (base,)))
    except LockstepError:
        then = worlds.head.only("pip")
        notes.append(told.PIP_UNSOLVABLE)
    now = pip_of(make_lock(file, settings, solver))
    changed, fresh = PackageSet({**worlds.changed, **then}), PackageSet({**worlds.fresh, **now})
    return replace(worlds, changed=changed, fresh=fresh), notes


def _manager_before(row: Row) -> str:
    return row.old.manager if row.old else ""


def _dated(package: Package | None, worlds: CounterfactualSolves) -> Package | None:
    known = worlds.published.get(package.url) if package else None
    if package is None or known is None or package.timestamp:
        return package
    return package._replace(timestamp=known.timestamp)


def _of_keys(row: Row, worlds: CounterfactualSolves) -> Attribution:
    keys = {side.key for side in (row.old, row.new) if side}
    mine = any(_changed_by_file(key, worlds) for key in keys)
    later = [key for key in keys if not _alike(worlds.changed.get(key), worlds.head.get(key))]
    if later:
        theirs = all(_is_upstream(key, worlds) for key in later)
        if not theirs:
            return "unexplained"
        return "both" if mine else "upstream"
    if mine:
        return "change"
    return "upstream" if all(_as_published(key, worlds) for key in keys) else "unexplained"


def _changed_by_file(key: Key, worlds: CounterfactualSolves) -> bool:
    """Say whether the file's change moved a package."""
    return not _same(worlds.base.get(key), worlds.changed.get(key))


def _is_upstream(key: Key, worlds: CounterfactualSolves) -> bool:
    """Say whether uploads explain what a key holds: it was not there then, or a solve gives it now."""
    found = worlds.head.get(key)
    if found is None:
        return worlds.fresh.get(key) is None
    known = worlds.published.get(found.url)
    if found.manager == "conda" and (known is None or same_bytes(found, known) is False):
        return False
    if _alike(found, worlds.fresh.get(key)):
        return True
    return bool(known and worlds.cutoff and known.timestamp > worlds.cutoff)


def _as_published(key: Key, worlds: CounterfactualSolves) -> bool:
    """Say whether a lock holds a file as its channel has it now."""
    found = worlds.head.get(key)
    if found is None or found.manager != "conda":
        return False
    known = worlds.published.get(found.url)
    return known is not None and same_bytes(found, known) is not False


def _of_machine(name: str, worlds: CounterfactualSolves) -> Attribution:
    """Say whose doing it is that a bound on the machine moved."""

    def moves(old: PackageSet, new: PackageSet) -> bool:
        return any(change.virtual_package == name for change in compare_envelopes(old, new))

    mine, theirs = moves(worlds.base, worlds.changed), moves(worlds.changed, worlds.head)
    if mine:
        return "both" if theirs else "change"
    return "upstream" if theirs and not moves(worlds.fresh, worlds.head) else "unexplained"


def _same(one: Package | None, other: Package | None) -> bool:
    """Say whether two are one file by name, wherever its bytes come from."""
    if one is None or other is None:
        return one is other
    return (one.identity, one.channel) == (other.identity, other.channel)


def _alike(one: Package | None, other: Package | None) -> bool:
    if one is None or other is None:
        return one is other
    return _same(one, other) and same_bytes(one, other) is not False
