"""Finds the upload that changed a package from the locked one, by bisecting the upload times."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rattler import RepoDataRecord, Subdir

from conda_lockstep.conda.urls import split_package_url
from conda_lockstep.drift.attribution.bisect import first_flip
from conda_lockstep.drift.attribution.upload import Upload, UploadChange
from conda_lockstep.lock.solve.solve import Horizon, Request, Solver, UnsolvableError
from conda_lockstep.packages import Package

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MILLISECOND = datetime.timedelta(milliseconds=1)


async def find_upload(
    solver: Solver,
    request: Request,
    name: str,
    locked: Package | None,
    cutoff: datetime.datetime,
    past: Sequence[Package] = (),
) -> UploadChange:
    """Find the first upload after ``cutoff`` with which a solve from scratch no longer selects the locked package.

    ``past`` are locked packages that the channels removed, replaced or hot-fixed since. They are seen as they were, and
    are named if no upload changed the package. Raises
    :class:`~conda_lockstep.lock.solve.solve.UnsolvableError` if there is no solution now.
    """
    records = await _reachable(solver, request)
    dated = [(record, _milliseconds(record.timestamp)) for record in records if record.timestamp]
    start = _milliseconds(cutoff)
    moments = [start, *sorted({moment for _, moment in dated if moment > start})]
    solved: dict[int, dict[str, Package]] = {}

    async def flipped(moment: int) -> bool:
        try:
            at = replace(request, horizon=Horizon(all=_datetime(moment)), past=tuple(past))
            packages = await solver.packages(at)
        except UnsolvableError:
            if moment == moments[-1]:
                raise
            packages = ()
        solved[moment] = {package.name: package for package in packages}
        return _differs(solved[moment].get(name), locked)

    moment = await first_flip(moments, flipped)
    if moment is None and past:
        now = {package.name: package for package in await solver.packages(request)}
        if _differs(now.get(name), locked):
            searched = len(moments), len(solved) + 1, len(records) - len(dated)
            return UploadChange(locked, now.get(name), (), *searched, past_files=_files(past, locked))
    after = solved[moments[-1] if moment is None else moment]
    uploads = (
        _uploads(solver, [record for record, when in dated if when == moment], after)
        if moment not in (None, start)
        else ()
    )
    return UploadChange(
        locked,
        after.get(name),
        uploads,
        len(moments),
        len(solved),
        len(records) - len(dated),
        at_cutoff=moment == start,
    )


async def _reachable(solver: Solver, request: Request) -> list[RepoDataRecord]:
    """Return every record that is reachable from the request's entries."""
    found = await solver.gateway_for(request.sources).query(
        [channel.source for channel in request.sources],
        [Subdir(request.platform), Subdir("noarch")],
        [entry.fetch_spec for entry in request.specs],
        recursive=True,
        channel_relations="disabled",
    )
    return [record for records in found for record in records]


def _uploads(
    solver: Solver, records: Iterable[RepoDataRecord], after: dict[str, Package]
) -> tuple[Upload, ...]:
    taken = {package.url for package in after.values()}
    urls = {solver.mirrors.lock_url(record.url): record for record in records}
    chosen = {url: record for url, record in urls.items() if url in taken} or urls
    return tuple(
        Upload(
            record.name.normalized,
            str(record.version),
            f"{record.subdir}/{url.rpartition('/')[2]}",
            split_package_url(url).channel,
            record.timestamp,
        )
        for url, record in sorted(chosen.items())
        if record.timestamp
    )


def _files(past: Sequence[Package], locked: Package | None) -> tuple[str, ...]:
    """Return the files that may have changed a locked package: its own, if that is one of them, else all."""
    chosen = [package for package in past if package == locked] or past
    return tuple(f"{package.subdir}/{package.url.rpartition('/')[2]}" for package in chosen)


def _differs(found: Package | None, locked: Package | None) -> bool:
    if found is None or locked is None:
        return found is not locked
    return (found.identity, found.channel) != (locked.identity, locked.channel)


def _milliseconds(moment: datetime.datetime) -> int:
    return -((_EPOCH - moment) // _MILLISECOND)


def _datetime(milliseconds: int) -> datetime.datetime:
    return _EPOCH + milliseconds * _MILLISECOND
