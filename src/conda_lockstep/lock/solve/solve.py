"""Solves one environment file for one platform with rattler, and reports in one line why a channel failed."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rattler import (
    BuildString,
    ChannelPriority,
    Gateway,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    RepoDataRecord,
    Subdir,
    Version,
    solve,
)
from rattler.exceptions import GatewayError, SolverError

from conda_lockstep.conda.cuda_packages import cuda_packages
from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import reason_of_answer, split_package_url, without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.cache import default_cache
from conda_lockstep.lock.channels.channels import LockChannel, Mirrors
from conda_lockstep.lock.channels.network import client_for
from conda_lockstep.lock.channels.records import package_of, record_of
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.solve.past_source import PastChannel
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package

REQUEST_SECONDS = 60
"""The time limit of one request. conda-forge's index comes in shards; the largest unsharded one has some 50 MB."""
RETRIES = 1
SOLVE_SECONDS = 600
SETTLE_SECONDS = 2
Source: TypeAlias = str | PastChannel


@dataclass(frozen=True, slots=True)
class Horizon:
    """The moment before which packages must have been published; packages without a date are accepted.

    ``all`` holds for every package, ``new`` for those that were not locked before.
    """

    all: datetime.datetime | None = None
    new: datetime.datetime | None = None

    @property
    def nearest(self) -> datetime.datetime | None:
        """Return the earlier of the two."""
        return min((moment for moment in (self.all, self.new) if moment), default=None)


NO_HORIZON = Horizon()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the solver: specs in the file's order, channels by priority, a platform and its virtual packages.

    ``kept`` are locked packages that are kept where they fit. None may be published after ``horizon``. ``past`` are
    locked packages that the channels have removed, replaced or hot-fixed since: the solver sees them as the lock
    records them. Such a solution is for comparison and cannot be installed.
    """

    specs: tuple[RequestedSpec, ...]
    channels: tuple[LockChannel, ...]
    platform: str
    machine: tuple[VirtualPackage, ...]
    kept: tuple[Package, ...] = ()
    horizon: Horizon = NO_HORIZON
    past: tuple[Package, ...] = ()

    @property
    def sources(self) -> tuple[LockChannel, ...]:
        """Return the channels to read: the file's, then those that only a ``channel::name`` adds."""
        found = {channel.url: channel for channel in self.channels}
        for entry in self.specs:
            if entry.channel:
                found.setdefault(entry.channel.url, entry.channel)
        return tuple(found.values())


class UnsolvableError(Exception):
    """There is no solution; the text is that of the solver."""


class Solver:
    """A solver with its channel indexes; what was fetched for one request serves the next."""

    def __init__(
        self, mirrors: Mirrors, *, cache: Path | None = None, seconds: int = REQUEST_SECONDS
    ) -> None:
        self.mirrors = mirrors
        self.seconds = seconds
        self.cache = cache or default_cache() / "repodata"
        self.access = Access(mirrors.with_credentials)
        self._gateway = self._new_gateway()

    def gateway_for(self, channels: Iterable[LockChannel]) -> Gateway:
        """Return the indexes, for requests to channels whose credentials are then known."""
        # A list, not any(): each of them is learned.
        if [channel for channel in channels if self.access.learn(channel.fetch_url)]:
            self._gateway = self._new_gateway()
        return self._gateway

    def _new_gateway(self) -> Gateway:
        client = client_for(self.access, retries=RETRIES, seconds=self.seconds)
        return Gateway(cache_dir=self.cache, client=client)

    async def packages(self, request: Request) -> tuple[Package, ...]:
        """Return the conda packages of the solution, by name.

        Raises :class:`UnsolvableError` where there is none, and ``LockstepError`` for a channel that cannot be read.
        """
        records = await self.records(request)
        return tuple(
            sorted((package_of(record, self.mirrors) for record in records), key=lambda item: item.name)
        )

    async def records(self, request: Request) -> list[RepoDataRecord]:
        """Return the records of the solution; see :meth:`packages`."""
        # The solver decides in the order of the specs, and the order of lines must not matter.
        unique = {entry.spec: entry.fetch_spec for entry in request.specs}
        try:
            past = await self._past(request)
            kept = await self._kept(request, past)
            dates = _undated(kept) if request.horizon.new else {}
            records = await solve(
                sources=self._sources(request, past),
                specs=[unique[spec] for spec in sorted(unique)],
                gateway=self.gateway_for(request.sources),
                platforms=[Subdir(request.platform), Subdir("noarch")],
                locked_packages=kept,
                virtual_packages=[_generic(fact) for fact in request.machine],
                constraints=list(_driver_limits(request.machine)),
                channel_priority=ChannelPriority.Strict,
                channel_relations="disabled",
                timeout=datetime.timedelta(seconds=SOLVE_SECONDS),
                exclude_newer=request.horizon.nearest,
                timestamp_policy="allow-missing",
            )
        except SolverError as error:
            raise UnsolvableError(without_credentials(str(error))) from None
        except GatewayError as error:
            await self._settle(request)
            raise channel_error(str(error), request.sources, self.seconds, self.mirrors.trust) from None
        for record in records:
            if record.url in dates:
                record.timestamp = dates[record.url]
        return records

    def _sources(self, request: Request, past: Sequence[RepoDataRecord]) -> list[Source]:
        """Return the channels, those with past records as a source of its own."""
        by_channel: dict[str, dict[str, list[RepoDataRecord]]] = {}
        for record in past:
            url = split_package_url(self.mirrors.lock_url(record.url)).channel
            by_channel.setdefault(url, {}).setdefault(record.name.normalized, []).append(record)
        gateway = self.gateway_for(request.sources)
        return [
            PastChannel(gateway, channel.source, by_channel[channel.url])
            if channel.url in by_channel
            else channel.source
            for channel in request.sources
        ]

    async def _kept(self, request: Request, past: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return the records of locked packages as the channels have them now; those that are gone are left out.

        A lock contains less than a record: the solver would not see what a package constrains.
        """
        then = {self.mirrors.lock_url(record.url): record for record in past}
        known = await self.published(request, (each for each in request.kept if each.url not in then))
        known |= {package.url: then[package.url] for package in request.kept if package.url in then}
        latest = request.horizon.all
        return [
            record
            for _, record in sorted(known.items())
            if not (latest and record.timestamp and record.timestamp > latest)
        ]

    async def _past(self, request: Request) -> list[RepoDataRecord]:
        """Return the records of past packages as they were.

        Those that are still there keep what a lock does not record, such as what they constrain, and their dates.
        """
        now = await self.published(request, request.past)
        return [
            self._as_it_was(package, now.get(package.url))
            for package in sorted(request.past, key=lambda each: each.url)
        ]

    def _as_it_was(self, package: Package, now: RepoDataRecord | None) -> RepoDataRecord:
        hashes = {package.sha256, package.md5} - {""}
        if now is None or not hashes & {(now.sha256 or b"").hex(), (now.md5 or b"").hex()}:
            url = without_credentials(self.mirrors.fetch_url(package.url))
            record = record_of(package, url=url)
            # As rattler writes it: by this name, the solver knows which channel comes first.
            record.channel = f"{split_package_url(url).channel}/"
            return record
        now.depends = list(package.depends)
        return now

    async def published(self, request: Request, packages: Iterable[Package]) -> dict[str, RepoDataRecord]:
        """Return the records that the channels have for conda packages now, by URL as a lock holds it.

        Raises rattler's ``GatewayError`` for a channel that cannot be read.
        """
        specs = {
            package.url: MatchSpec(f"{package.name}=={package.version}={package.build}")
            for package in packages
            if package.manager == "conda"
        }
        if not specs:
            return {}
        found = await self.gateway_for(request.sources).query(
            [channel.source for channel in request.sources],
            [Subdir(request.platform), Subdir("noarch")],
            list(specs.values()),
            recursive=False,
            channel_relations="disabled",
        )
        return {
            url: record
            for records in found
            for record in records
            if (url := self.mirrors.lock_url(record.url)) in specs
        }

    async def _settle(self, request: Request) -> None:
        """Wait a little for what is still being fetched: its threads would crash an interpreter that ends now."""
        subdirs = [Subdir(request.platform), Subdir("noarch")]
        left = (
            self.gateway_for(request.sources).query([channel.source], [subdir], ["python"], recursive=False)
            for channel in request.sources
            for subdir in subdirs
        )
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), SETTLE_SECONDS)


def _undated(records: list[RepoDataRecord]) -> dict[str, datetime.datetime | None]:
    """Take the dates off records, so that no horizon excludes them; return the dates by URL."""
    dates = {}
    for record in records:
        dates[record.url] = record.timestamp
        record.timestamp = record.indexed_timestamp = None
    return dates


def channel_error(text: str, channels: tuple[LockChannel, ...], seconds: int, trust: Trust) -> LockstepError:
    """Return rattler's error about a channel as one line with the channel's URL."""
    text = without_credentials(text)
    at_fault = next((channel for channel in channels if channel.source in text), None)
    where = at_fault.url if at_fault else None
    fetched = at_fault.source if at_fault else None
    through = f" (fetched from {fetched})" if fetched != where else ""
    what, remedy = _channel_fault(text, seconds, trust)
    return LockstepError(f"the channel {what}{through}", where=where, remedy=remedy)


def _channel_fault(text: str, seconds: int, trust: Trust) -> tuple[str, str]:
    status = re.search(r"HTTP status \w+ error \((\d+)([^)]*)\)", text)
    code = int(status[1]) if status else 0
    if code in (401, 403):
        return f"refuses access ({code}{status[2]})", "log in to it, or leave the channel out"  # type: ignore[index]
    if "could not find subdir" in text:
        found = "answers 404 for its index" if status else "has no noarch/repodata.json"
        return found, "check its name"
    if status:
        return f"answers {code}{status[2]}", "try again later, or use a mirror"
    if "operation timed out" in text:
        return f"does not answer within {seconds} s", "try again later, or use a mirror"
    if "Connection refused" in text or "dns error" in text or "client error (Connect)" in text:
        reason = text.rpartition("Caused by:")[2].strip()
        return f"cannot be reached: {reason}", "check its URL and the network"
    if "before message length" in text or "did not finish" in text or "reading a body" in text:
        return "sent only a part of its index", "try again"
    reason = text.rpartition("Caused by:")[2].strip()
    return f"has no index that can be read{reason_of_answer(reason, trust)}", "check its URL"


def _driver_limits(machine: Iterable[VirtualPackage]) -> Iterator[str]:
    """Yield the CUDA versions that a driver cannot run: a newer major, before 11 also a newer minor.

    The metadata of newer packages contain this bound; those of many older ones do not.
    https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    for fact in machine:
        if fact.name == "__cuda":
            major, minor = (int(number) for number in f"{fact.version}.0".split(".")[:2])
            limit = f"{major + 1}" if major >= 11 else f"{major}.{minor + 1}"
            yield from (
                f"{name} <{limit}" for name, each in cuda_packages().items() if each.kind == "selects"
            )


def _generic(fact: VirtualPackage) -> GenericVirtualPackage:
    return GenericVirtualPackage(PackageName(fact.name), Version(fact.version), BuildString(fact.build))
