"""Finds entries that no package fits, whatever the other entries request: no such name, version or build."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rattler import MatchSpec, RepoDataRecord, Subdir, Version
from rattler.exceptions import GatewayError

from conda_lockstep.conda.channel import DEFAULT_URLS
from conda_lockstep.conda.pypi_names import conda_names
from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.solve.index import look_up
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver
from conda_lockstep.text.listing import listed, nearest

SHOWN_VERSIONS = 5
ELSEWHERE = ("win-64", "osx-arm64", "linux-64")
"""The platforms to search for a package that the platform does not have."""
ELSEWHERE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Unmet:
    """An entry that no package fits: the message and the remedy."""

    wanted: RequestedSpec
    what: str
    remedy: str


async def unmet(solver: Solver, request: Request) -> list[Unmet]:
    """Return the entries that no package of the channels fits, in the file's order."""
    return await _Candidates(solver, request).unmet()


class _Candidates:
    """Looks at each entry alone."""

    def __init__(self, solver: Solver, request: Request) -> None:
        self.solver = solver
        self.request = request
        self.sources = [channel.source for channel in request.sources]
        self.channels = listed([channel.name for channel in request.sources], "or")

    async def unmet(self) -> list[Unmet]:
        index = await look_up(self.solver, self.request, (entry.name for entry in self.request.wanted))
        unknown = [entry for entry in self.request.wanted if not index.of(entry.name)]
        meant = await self._meant(unknown) if unknown else {}
        lost = [entry.name for entry in unknown if not meant.get(entry.name)]
        elsewhere = await self._elsewhere(lost) if lost else {}
        found = []
        for wanted in self.request.wanted:
            named = index.of(wanted.name)
            if not named:
                found.append(self._unknown(wanted, meant.get(wanted.name), elsewhere.get(wanted.name, ())))
            elif reason := self._no_fit(wanted, named):
                found.append(reason)
        return found

    async def _meant(self, unknown: Sequence[RequestedSpec]) -> Mapping[str, str | None]:
        """Return for each name the channels' name for the same project, or the nearest spelling."""
        subdirs = [Subdir(self.request.platform), Subdir("noarch")]
        known = {
            name.normalized
            for name in await self.solver.gateway_for(self.request.sources).names(self.sources, subdirs)
        }
        found = {}
        for name in (wanted.name for wanted in unknown):
            same = (*conda_names(name.replace("_", "-")), name.replace("_", "-"))
            found[name] = next((each for each in same if each in known), None) or nearest(name, known)
        return found

    async def _elsewhere(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the other platforms for which the channels have these names; only channels that answer in time."""
        found: dict[str, list[str]] = {}
        for platform in (each for each in ELSEWHERE if each != self.request.platform):
            # A channel need not exist for every platform, and this only improves the remedy.
            with suppress(GatewayError, asyncio.TimeoutError):
                gateway = self.solver.gateway_for(self.request.sources)
                asked = gateway.names(self.sources, [Subdir(platform)])
                held = {name.normalized for name in await asyncio.wait_for(asked, ELSEWHERE_SECONDS)}
                for name in held.intersection(names):
                    found.setdefault(name, []).append(platform)
        return found

    def _unknown(self, wanted: RequestedSpec, meant: str | None, elsewhere: Sequence[str]) -> Unmet:
        what = f"no package '{wanted.name}' for {self.request.platform} in {self.channels}"
        if meant:
            return Unmet(wanted, what, f"did you mean '{meant}'?")
        if elsewhere:
            remedy = "move it to an environment file for that platform"
            return Unmet(wanted, f"{what}, only for {listed(elsewhere, 'and')}", remedy)
        if not {"conda-forge", DEFAULT_URLS[0]} & {channel.name for channel in self.request.sources}:
            return Unmet(wanted, what, "add conda-forge to the channels")
        return Unmet(wanted, what, "check its name, or add the channel that has it")

    def _no_fit(
        self, wanted: RequestedSpec, named: Mapping[LockChannel, Sequence[RepoDataRecord]]
    ) -> Unmet | None:
        if wanted.channel:
            named = {channel: records for channel, records in named.items() if channel == wanted.channel}
            if not named:
                what = f"'{wanted.text}': {wanted.channel.name} has no '{wanted.name}' for {self.request.platform}"
                return Unmet(wanted, what, "choose another channel")
        spec = wanted.fetch_spec
        if any(spec.matches(record) for records in named.values() for record in records):
            return None
        channel, records = next(iter(named.items()))
        return self._no_version(wanted, records, channel)

    def _no_version(
        self, wanted: RequestedSpec, records: Sequence[RepoDataRecord], channel: LockChannel
    ) -> Unmet:
        version = wanted.fetch_spec.version
        by_version = MatchSpec(f'{wanted.name}[version="{version}"]' if version else wanted.name)
        builds = {str(record.build) for record in records if by_version.matches(record)}
        if builds:
            what = f"no build fits '{wanted.text}'; {channel.name} has {_some(sorted(builds, reverse=True))}"
            return Unmet(wanted, what, "choose one of them, or leave the build out")
        versions = sorted({record.version for record in records})
        what = f"no version fits '{wanted.text}'; {channel.name} has {_near(version or '', versions)}"
        return Unmet(
            wanted, f"{what} for {self.request.platform}", "choose one, or add the channel that has it"
        )


def _near(wanted: str, versions: Sequence[Version]) -> str:
    """Return the versions around the requested one, and how many there are."""
    if len(versions) <= SHOWN_VERSIONS:
        return listed(list(map(str, versions)), "and")
    asked = re.search(r"\d[\w.!+]*", wanted)
    at = bisect_left(versions, Version(asked[0].rstrip("."))) if asked else len(versions)
    first = max(0, min(at - SHOWN_VERSIONS // 2, len(versions) - SHOWN_VERSIONS))
    shown = ", ".join(map(str, versions[first : first + SHOWN_VERSIONS]))
    return f"{shown} ({len(versions)} versions from {versions[0]} to {versions[-1]})"


def _some(items: Sequence[str]) -> str:
    shown = list(items[:SHOWN_VERSIONS])
    rest = len(items) - len(shown)
    return listed(shown, "and") if not rest else f"{', '.join(shown)} and {rest} more"
