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

    requested: RequestedSpec
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
        index = await look_up(self.solver, self.request, (entry.name for entry in self.request.specs))
        unknown = [entry for entry in self.request.specs if not index.of(entry.name)]
        meant = await self._meant(unknown) if unknown else {}
        lost = [entry.name for entry in unknown if not meant.get(entry.name)]
        elsewhere = await self._elsewhere(lost) if lost else {}
        found = []
        for requested in self.request.specs:
            named = index.of(requested.name)
            if not named:
                found.append(
                    self._unknown(requested, meant.get(requested.name), elsewhere.get(requested.name, ()))
                )
            elif reason := self._no_fit(requested, named):
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
        for name in (requested.name for requested in unknown):
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
                lookup = gateway.names(self.sources, [Subdir(platform)])
                held = {name.normalized for name in await asyncio.wait_for(lookup, ELSEWHERE_SECONDS)}
                for name in held.intersection(names):
                    found.setdefault(name, []).append(platform)
        return found

    def _unknown(self, requested: RequestedSpec, meant: str | None, elsewhere: Sequence[str]) -> Unmet:
        what = f"no package '{requested.name}' for {self.request.platform} in {self.channels}"
        if meant:
            return Unmet(requested, what, f"did you mean '{meant}'?")
        if elsewhere:
            remedy = "move it to an environment file for that platform"
            return Unmet(requested, f"{what}, only for {listed(elsewhere, 'and')}", remedy)
        if not {"conda-forge", DEFAULT_URLS[0]} & {channel.name for channel in self.request.sources}:
            return Unmet(requested, what, "add conda-forge to the channels")
        return Unmet(requested, what, "check its name, or add the channel that has it")

    def _no_fit(
        self, requested: RequestedSpec, named: Mapping[LockChannel, Sequence[RepoDataRecord]]
    ) -> Unmet | None:
        if requested.channel:
            named = {channel: records for channel, records in named.items() if channel == requested.channel}
            if not named:
                where = f"{requested.channel.name} has no '{requested.name}' for {self.request.platform}"
                what = f"'{requested.text}': {where}"
                return Unmet(requested, what, "choose another channel")
        spec = requested.fetch_spec
        if any(spec.matches(record) for records in named.values() for record in records):
            return None
        channel, records = next(iter(named.items()))
        return self._no_version(requested, records, channel)

    def _no_version(
        self, requested: RequestedSpec, records: Sequence[RepoDataRecord], channel: LockChannel
    ) -> Unmet:
        version = requested.fetch_spec.version
        by_version = MatchSpec(f'{requested.name}[version="{version}"]' if version else requested.name)
        builds = {str(record.build) for record in records if by_version.matches(record)}
        if builds:
            what = (
                f"no build fits '{requested.text}'; {channel.name} has {_some(sorted(builds, reverse=True))}"
            )
            return Unmet(requested, what, "choose one of them, or leave the build out")
        versions = sorted({record.version for record in records})
        what = f"no version fits '{requested.text}'; {channel.name} has {_near(version or '', versions)}"
        return Unmet(
            requested, f"{what} for {self.request.platform}", "choose one, or add the channel that has it"
        )


def _near(text: str, versions: Sequence[Version]) -> str:
    """Return the versions around the requested one, and how many there are."""
    if len(versions) <= SHOWN_VERSIONS:
        return listed(list(map(str, versions)), "and")
    number = re.search(r"\d[\w.!+]*", text)
    at = bisect_left(versions, Version(number[0].rstrip("."))) if number else len(versions)
    first = max(0, min(at - SHOWN_VERSIONS // 2, len(versions) - SHOWN_VERSIONS))
    shown = ", ".join(map(str, versions[first : first + SHOWN_VERSIONS]))
    return f"{shown} ({len(versions)} versions from {versions[0]} to {versions[-1]})"


def _some(items: Sequence[str]) -> str:
    shown = list(items[:SHOWN_VERSIONS])
    rest = len(items) - len(shown)
    return listed(shown, "and") if not rest else f"{', '.join(shown)} and {rest} more"
