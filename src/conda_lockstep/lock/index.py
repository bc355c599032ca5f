"""What the channels of a request hold under a few names: asked where there is no solution, or for what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rattler import RepoDataRecord, Subdir

from conda_lockstep.lock.channels import Channel
from conda_lockstep.lock.solve import Request, Solver


@dataclass(frozen=True, slots=True)
class Index:
    """The records of each name by channel, in order of priority."""

    held: Mapping[str, Mapping[Channel, Sequence[RepoDataRecord]]]

    def of(self, name: str) -> Mapping[Channel, Sequence[RepoDataRecord]]:
        """Return the records of a name by channel; empty where no channel has it."""
        return self.held.get(name, {})


async def look_up(solver: Solver, request: Request, names: Iterable[str]) -> Index:
    """Ask each channel of a request for its records of these names."""
    subdirs = [Subdir(request.platform), Subdir("noarch")]
    found: dict[str, dict[Channel, list[RepoDataRecord]]] = {}
    wanted = sorted(set(names))
    for channel in request.sources if wanted else ():
        result = await solver.gateway_for([channel]).query(
            [channel.source], subdirs, wanted, recursive=False, channel_relations="disabled"
        )
        for record in (record for records in result for record in records):
            found.setdefault(record.name.normalized, {}).setdefault(channel, []).append(record)
    return Index(found)
