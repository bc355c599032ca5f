"""Static satisfiability: every requested spec is met, every dependency holds, and nothing is locked without a need.

No solve and no network: a comment, a reordering or another spelling of the same spec never makes a lock stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.conda import matching
from conda_lockstep.conda.channel import DEFAULT_URLS
from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import Location
from conda_lockstep.lock.channels.channels import Mirrors, channel, channels_of
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import allows_of, machine_of, needs_of
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.solve.machines import lacking
from conda_lockstep.lock.solve.requested_spec import RequestedSpec, requested_specs
from conda_lockstep.packages import Key, Manager, Package, PackageSet
from conda_lockstep.text.resolve_path import resolve_path

if TYPE_CHECKING:
    from rattler import MatchSpec

    from conda_lockstep.lock.check.pip_part import PipCheck
    from conda_lockstep.lock.pip.requirements import PipPart

SHOWN = 3
"""How many of the packages that nothing requires are named."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lock does not fit; ``where`` is the entry of the environment file that requests something else.

    ``is_damage``: the lock contradicts itself, whatever the environment file requests.
    """

    what: str
    where: Location | str
    is_damage: bool = False

    def __str__(self) -> str:
        """``environment.yml:7:5: what``."""
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A dependency of a locked conda package that the lock does not meet: by ``held``, or by nothing.

    Where it is only a constraint, there is one that is ``held``.
    """

    requirer: Package
    spec: str
    held: Package | None
    is_constraint: bool = False

    @property
    def name(self) -> str:
        """Return the name of the required package."""
        return _name(self.spec)

    def is_met_by(self, package: Package) -> bool:
        """Return whether a conda package of that name meets the dependency."""
        return _fits(self.spec, package)

    def __str__(self) -> str:
        """``numpy needs 'python >=3.9'``."""
        return f"{self.requirer.name} {'rules out all but' if self.is_constraint else 'needs'} '{self.spec}'"


def is_satisfied(
    file: EnvironmentFile, lock: Lock, *, mirrors: Mirrors, platforms: Sequence[str] = ()
) -> list[Reason]:
    """Return why a lock does not fit an environment file; an empty list where it does.

    ``platforms`` are those that the lock must have, no more and no less; without any, each will do. Raises
    ``LockstepError`` where the environment file itself cannot be read as one.
    """
    entries, part = requested_specs(file, mirrors, fetching=False), _pip_part(file, lock)
    reasons = [*_platforms(file, lock, platforms), *_channels(file, lock, mirrors)]
    allowed = {item.url for item in channels_of(file, mirrors, windows=_windows(lock), fetching=False)}
    allowed |= {entry.channel.url for entry in entries if entry.channel}
    for name, packages in sorted(lock.platforms.items()):
        check = _pip_check(part, lock, name, file.path)
        reasons += _Platform(name, packages, machine_of(lock, name)).reasons(
            entries, check, allowed, file.path
        )
        reasons += [Reason(what, file.path) for what in beyond_machine(lock, name)]
    return reasons


def _pip_part(file: EnvironmentFile, lock: Lock) -> PipPart | None:
    """Read the pip part, if either side has one: what reads requirements takes a quarter of a check to load."""
    held = any(packages.only("pip") for packages in lock.platforms.values())
    if not held and not any(section.items for section in file.pip_sections):
        return None
    from conda_lockstep.lock.pip.requirements import pip_part

    return pip_part(file)


def _pip_check(part: PipPart | None, lock: Lock, platform: str, path: str) -> PipCheck | None:
    if part is None:
        return None
    from conda_lockstep.lock.check.pip_part import PipCheck

    return PipCheck.of(part, lock, platform, path)


def broken_edges(lock: Lock, platform: str) -> Iterator[Broken]:
    """Yield the dependencies between the conda packages of a platform that do not hold."""
    yield from _Platform(platform, lock.platforms[platform], machine_of(lock, platform)).broken()


def beyond_machine(lock: Lock, platform: str) -> Iterator[str]:
    """Yield the bounds on the machine that a platform was solved for, where the machine is not within them.

    They are folded over what packages depend on and constrain, and constrains are recorded nowhere else.
    """
    machine = machine_of(lock, platform)
    if not machine:
        return
    needs, allows = needs_of(lock, platform), allows_of(lock, platform)
    for lack in lacking(machine, needs, allows):
        name = split(lack)[0]
        held = next((str(each) for each in machine if each.name == name), f"no {name}")
        verb = "need" if name in needs else "rule out all but"
        yield f"the packages for {platform} {verb} '{lack}'; the lock is for a machine with {held}"


def reachable(roots: Iterable[Key], packages: Mapping[Key, Package]) -> set[Key]:
    """Return the packages that some entries of an environment file lead to, each manager's through its own."""
    roots = tuple(roots)
    found: set[Key] = set()
    managers: tuple[Manager, ...] = ("conda", "pip")
    for manager in managers:
        named = {_project(key): package for key, package in packages.items() if key[0] == manager}
        reached = _reachable({_project(key) for key in roots if key[0] == manager}, named)
        found |= {named[name].key for name in reached}
    return found


def _project(key: Key) -> str:
    return normalize(key[1]) if key[0] == "pip" else key[1]


def _platforms(file: EnvironmentFile, lock: Lock, platforms: Sequence[str]) -> Iterator[Reason]:
    expected = set(platforms) or set(lock.platforms)
    for name in sorted(expected - lock.platforms.keys()):
        yield Reason(f"the lock has nothing for {name}", file.path)
    for name in sorted(lock.platforms.keys() - expected):
        yield Reason(f"the lock is for {name}, too, which is not requested", file.path)


def _channels(file: EnvironmentFile, lock: Lock, mirrors: Mirrors) -> Iterator[Reason]:
    listed = [item.url for item in channels_of(file, mirrors, windows=_windows(lock), fetching=False)]
    folder = resolve_path(Path(file.path)).parent
    held = []
    for name in lock.channels:
        held += (
            [item for item in listed if item.startswith(f"{DEFAULT_URLS[0].rpartition('/')[0]}/")]
            if name == "defaults"
            else [channel(name, folder, mirrors, fetching=False).url]
        )
    if listed != held:
        where = file.source.location(file.channels.span.start)
        yield Reason(f"the channels are {', '.join(listed)}; the lock is from {', '.join(held)}", where)


def _windows(lock: Lock) -> bool:
    return any(name.startswith("win-") for name in lock.platforms)


class _Platform:
    """The packages of one platform, ready to be matched."""

    def __init__(self, name: str, packages: PackageSet, machine: tuple[VirtualPackage, ...]) -> None:
        self.name = name
        self.conda = {package.name: package for package in packages.only("conda").values()}
        self.packages = packages
        self.virtual_packages = machine
        self.machine = {
            each.name: Package("conda", each.name, each.version, each.build, "noarch") for each in machine
        }

    def reasons(
        self, entries: Sequence[RequestedSpec], pip: PipCheck | None, channels: set[str], path: str
    ) -> Iterator[Reason]:
        """Yield each fault, those of the user's own entries first."""
        for entry in entries:
            yield from self._entry(entry)
        if pip:
            yield from (Reason(what, where) for what, where in pip.reasons(path))
        yield from self._edges(path)
        yield from (Reason(what, path) for what in self._pip_edges())
        yield from self._unrequired(entries, pip, channels, path)

    def _entry(self, entry: RequestedSpec) -> Iterator[Reason]:
        if entry.name.startswith("__"):
            if not self._holds(entry.spec):
                held = " ".join(map(str, self.virtual_packages)) or "no machine"
                what = f"'{entry.text}' is requested; the lock for {self.name} is for a machine with {held}"
                yield Reason(what, entry.where)
            return
        package = self.conda.get(entry.name)
        if package is None:
            yield Reason(f"'{entry.text}' is not in the lock for {self.name}", entry.where)
        elif not _fits(entry.spec, package):
            yield Reason(f"'{entry.text}' is requested; the lock for {self.name} has {package}", entry.where)
        elif entry.channel and package.channel != entry.channel.url:
            what = f"'{entry.text}' is requested; the lock for {self.name} has it from {package.channel}"
            yield Reason(what, entry.where)

    def broken(self) -> Iterator[Broken]:
        """Yield the dependencies that do not hold, and the constraints, which locks of other formats record."""
        for package in self.conda.values():
            for spec in package.depends:
                if not self._holds(spec):
                    yield Broken(package, spec, self.conda.get(_name(spec)))
            for spec in package.constrains:
                held = self.conda.get(_name(spec))
                if held and not _fits(spec, held):
                    yield Broken(package, spec, held, is_constraint=True)

    def _edges(self, path: str) -> Iterator[Reason]:
        for edge in self.broken():
            held = edge.held or ("no such machine" if edge.name.startswith("__") else "none")
            yield Reason(f"{edge}; the lock for {self.name} has {held}", path)

    def _pip_edges(self) -> Iterator[str]:
        if not self.packages.only("pip"):
            return
        from conda_lockstep.lock.check.pip_edges import pip_faults

        yield from pip_faults(self.packages, self.name)

    def _holds(self, spec: str) -> bool:
        name = _name(spec)
        if name.startswith("__"):
            # A lock of another tool does not record its machine.
            virtual = self.machine.get(name)
            return not self.machine or (virtual is not None and _fits(spec, virtual))
        held = self.conda.get(name)
        return held is not None and (spec == name or _fits(spec, held))

    def _unrequired(
        self, entries: Sequence[RequestedSpec], pip: PipCheck | None, channels: set[str], path: str
    ) -> Iterator[Reason]:
        for roots, packages in (
            ({entry.name for entry in entries}, self.conda),
            (pip.roots if pip else set(), pip.packages if pip else {}),
        ):
            extra = [str(packages[name]) for name in sorted(packages.keys() - _reachable(roots, packages))]
            if extra:
                more = f" and {len(extra) - SHOWN} more" if len(extra) > SHOWN else ""
                named = f"{', '.join(extra[:SHOWN])}{more}"
                what = f"the lock for {self.name} contains packages that nothing requires: {named}"
                yield Reason(what, path)
        for name, package in sorted(self.conda.items()):
            if package.channel not in channels:
                what = f"{name} is from {package.channel} in the lock for {self.name}, which is not listed"
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


def _fits(spec: str, package: Package) -> bool:
    """Return whether a conda package meets a match spec; rattler decides the few that are not read here."""
    pattern = matching.read(spec)
    if pattern is None:
        from conda_lockstep.lock.channels.records import record_of

        return _spec(spec).matches(record_of(package))
    return _is_within(pattern, package.version, package.build)


@cache
def _is_within(pattern: matching.Pattern, version: str, build: str) -> bool:
    """Most packages are the same for several platforms."""
    return pattern.matches(version, build)


@cache
def _spec(text: str) -> MatchSpec:
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        return MatchSpec(text)
    except InvalidMatchSpecError:
        return MatchSpec(split(text)[0])
