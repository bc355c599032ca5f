"""Is a lock still right? Static satisfiability: every wish met, every edge held, nothing that nobody asks for.

No solve and no network: a comment, a reordering or another spelling of the same wish never makes a lock stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rattler import BuildString, MatchSpec, PackageRecord
from rattler.exceptions import InvalidMatchSpecError

from conda_lockstep.environment.document import EnvironmentFile
from conda_lockstep.errors import Location
from conda_lockstep.lock.channels import DEFAULTS, Mirrors, channel, channels_of
from conda_lockstep.lock.check_pip import PipCheck
from conda_lockstep.lock.dependencies import split
from conda_lockstep.lock.metadata import machine_of
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.records import record_of
from conda_lockstep.lock.requirements import pip_part
from conda_lockstep.lock.virtual import VirtualPackage
from conda_lockstep.lock.wanted import Wanted, wanted
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.projects import normalize

SHOWN = 3
"""How many of the packages that nobody asks for are named."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lock does not fit; ``where`` is the entry of the environment file that asks for something else."""

    what: str
    where: Location | str

    def __str__(self) -> str:
        """``environment.yml:7:5: what``."""
        return f"{self.where}: {self.what}"


def is_satisfied(
    file: EnvironmentFile, lock: Lock, *, platforms: Sequence[str] = (), mirrors: Mirrors | None = None
) -> list[Reason]:
    """Return why a lock does not fit an environment file; nothing where it does.

    ``platforms`` are those that the lock must have, no more and no less; any will do where there are none. Raises
    ``LockstepError`` where the environment file itself cannot be read as one.
    """
    mirrors = mirrors or Mirrors({})
    entries, pip = wanted(file, mirrors), pip_part(file)
    reasons = [*_platforms(file, lock, platforms), *_channels(file, lock, mirrors)]
    allowed = {item.url for item in channels_of(file, mirrors, windows=_windows(lock), fetching=False)}
    allowed |= {entry.channel.url for entry in entries if entry.channel}
    for name, packages in sorted(lock.platforms.items()):
        check = PipCheck.of(pip, lock, name)
        reasons += _Platform(name, packages, machine_of(lock, name)).reasons(
            entries, check, allowed, file.path
        )
    return reasons


def _platforms(file: EnvironmentFile, lock: Lock, platforms: Sequence[str]) -> Iterator[Reason]:
    expected = set(platforms) or set(lock.platforms)
    for name in sorted(expected - lock.platforms.keys()):
        yield Reason(f"the lock has nothing for {name}", file.path)
    for name in sorted(lock.platforms.keys() - expected):
        yield Reason(f"the lock is for {name}, too, which is not asked for", file.path)


def _channels(file: EnvironmentFile, lock: Lock, mirrors: Mirrors) -> Iterator[Reason]:
    asked = [item.url for item in channels_of(file, mirrors, windows=_windows(lock), fetching=False)]
    folder = Path(file.path).resolve().parent
    held = []
    for name in lock.channels:
        held += (
            [item for item in asked if item.startswith(f"{DEFAULTS[0].rpartition('/')[0]}/")]
            if name == "defaults"
            else [channel(name, folder, mirrors).url]
        )
    if asked != held:
        where = file.source.location(file.channels.span.start)
        yield Reason(f"the channels are {', '.join(asked)}; the lock is from {', '.join(held)}", where)


def _windows(lock: Lock) -> bool:
    return any(name.startswith("win-") for name in lock.platforms)


class _Platform:
    """The packages of one platform, ready to be matched."""

    def __init__(self, name: str, packages: PackageSet, machine: tuple[VirtualPackage, ...]) -> None:
        self.name = name
        self.conda = {package.name: package for package in packages.only("conda").values()}
        self.records = {name: record_of(package) for name, package in self.conda.items()}
        self.machine = {
            fact.name: PackageRecord(fact.name, fact.version, BuildString(fact.build), 0, "noarch")
            for fact in machine
        }

    def reasons(
        self, entries: Sequence[Wanted], pip: PipCheck, channels: set[str], path: str
    ) -> Iterator[Reason]:
        """Yield what is wrong, the user's own entries first."""
        for entry in entries:
            yield from self._entry(entry)
        yield from (Reason(what, where) for what, where in pip.reasons(path))
        yield from self._edges(path)
        yield from self._strangers(entries, pip, channels, path)

    def _entry(self, entry: Wanted) -> Iterator[Reason]:
        package = self.conda.get(entry.name)
        if package is None:
            yield Reason(f"'{entry.text}' is not in the lock for {self.name}", entry.where)
        elif not _spec(entry.spec).matches(self.records[entry.name]):
            yield Reason(f"'{entry.text}' is asked for; the lock for {self.name} has {package}", entry.where)
        elif entry.channel and package.channel != entry.channel.url:
            what = f"'{entry.text}' is asked for; the lock for {self.name} has it from {package.channel}"
            yield Reason(what, entry.where)

    def _edges(self, path: str) -> Iterator[Reason]:
        for package in self.conda.values():
            for spec in package.depends:
                if not self._holds(spec):
                    name = _name(spec)
                    held = self.conda.get(name) or ("no such machine" if name.startswith("__") else "none")
                    yield Reason(f"{package.name} needs '{spec}'; the lock for {self.name} has {held}", path)

    def _holds(self, spec: str) -> bool:
        name = _name(spec)
        if name.startswith("__"):
            # A lock of somebody else does not say which machine it is for.
            record = self.machine.get(name)
            return not self.machine or (record is not None and _spec(spec).matches(record))
        held = self.records.get(name)
        return held is not None and _spec(spec).matches(held)

    def _strangers(
        self, entries: Sequence[Wanted], pip: PipCheck, channels: set[str], path: str
    ) -> Iterator[Reason]:
        for roots, packages in (
            ({entry.name for entry in entries}, self.conda),
            ({entry.name for entry in pip.asked}, pip.packages),
        ):
            unasked = [str(packages[name]) for name in sorted(packages.keys() - _reachable(roots, packages))]
            if unasked:
                more = f" and {len(unasked) - SHOWN} more" if len(unasked) > SHOWN else ""
                what = (
                    f"nobody asks for {', '.join(unasked[:SHOWN])}{more}, which the lock for {self.name} has"
                )
                yield Reason(what, path)
        for name in sorted(self.conda):
            if self.conda[name].channel not in channels:
                what = f"{name} is from {self.conda[name].channel} in the lock for {self.name}, which is not listed"
                yield Reason(what, path)


def _reachable(roots: Iterable[str], packages: Mapping[str, Package]) -> set[str]:
    reached: set[str] = set()
    waiting = [name for name in roots if name in packages]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        package = packages[name]
        for spec in package.depends:
            other = normalize(_name(spec)) if package.manager == "pip" else _name(spec)
            if other in packages and other not in reached:
                waiting.append(other)
    return reached


@cache
def _name(spec: str) -> str:
    return split(spec)[0].lower()


@cache
def _spec(text: str) -> MatchSpec:
    try:
        return MatchSpec(text)
    except InvalidMatchSpecError:
        return MatchSpec(split(text)[0])
