"""Looks up the records that the channels of a request have for a few names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rattler import RepoDataRecord, Subdir
from rattler.exceptions import GatewayError

from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.channels.records import package_of
from conda_lockstep.lock.solve.solve import Request, Solver, channel_error
from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """The records of each name by channel, in order of priority."""

    held: Mapping[str, Mapping[LockChannel, Sequence[RepoDataRecord]]]

    def of(self, name: str) -> Mapping[LockChannel, Sequence[RepoDataRecord]]:
        """Return the records of a name by channel; empty if no channel has it."""
        return self.held.get(name, {})


async def look_up(solver: Solver, request: Request, names: Iterable[str]) -> RecordIndex:
    """Return the records of these names in each channel of a request; see :func:`records_of`."""
    found: dict[str, dict[LockChannel, list[RepoDataRecord]]] = {}
    unique = set(names)
    for channel in request.sources if unique else ():
        for record in await records_of(solver, channel, request.platform, unique):
            found.setdefault(record.name.normalized, {}).setdefault(channel, []).append(record)
    return RecordIndex(found)


async def published(solver: Solver, request: Request, packages: Iterable[Package]) -> dict[str, Package]:
    """Return what the channels of a request have for conda packages now, by URL as a lock holds it.

    Raises ``LockstepError`` for a channel that cannot be read.
    """
    try:
        found = await solver.published(request, packages)
    except GatewayError as error:
        raise channel_error(str(error), request.sources, solver.seconds, solver.mirrors.trust) from None
    return {url: package_of(record, solver.mirrors) for url, record in found.items()}


async def records_of(
    solver: Solver, channel: LockChannel, platform: str, names: Iterable[str]
) -> list[RepoDataRecord]:
    """Return the records that a channel has for these names. Raises ``LockstepError`` for one that cannot be read."""
    subdirs = [Subdir(platform), Subdir("noarch")]
    try:
        results = await solver.gateway_for([channel]).query(
            [channel.source], subdirs, sorted(names), recursive=False, channel_relations="disabled"
        )
    except GatewayError as error:
        raise channel_error(str(error), (channel,), solver.seconds, solver.mirrors.trust) from None
    return [record for records in results for record in records]
