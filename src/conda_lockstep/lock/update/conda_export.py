"""Reads what ``conda env export`` writes: an environment file in which every entry says version and build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.conda.match_spec import BadSpec, parse_conda
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, MappingEntry, PipSection
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.channels.channels import LockChannel, Mirrors, channel, channels_of
from conda_lockstep.packages import Package
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class Exported:
    """The conda packages of an export, without URL and hash, and the channels that have them, by priority."""

    packages: tuple[Package, ...]
    channels: tuple[LockChannel, ...]


def read_exported(file: EnvironmentFile, mirrors: Mirrors, *, platform: str) -> Exported:
    """Read the conda part of an export. Raises ``LockstepError`` with the place of an entry that is not pinned."""
    channels = {known.url: known for known in channels_of(file, mirrors, windows=platform.startswith("win-"))}
    packages = []
    for entry in file.dependencies:
        if isinstance(entry, PipSection):
            continue
        where = file.source.location(entry.span.start)
        if isinstance(entry, MappingEntry):
            raise _open("a mapping", where, file)
        package, named = _package(entry, where, file)
        if named:
            source = channel(named, resolve_path(Path(file.path)).parent, mirrors)
            channels.setdefault(source.url, source)
            package = Package("conda", package.name, package.version, package.build, channel=source.url)
        packages.append(package)
    if not packages:
        raise LockstepError("no dependencies, so there is nothing to import", where=file.path)
    return Exported(tuple(packages), tuple(channels.values()))


def _package(item: Item, where: Location, file: EnvironmentFile) -> tuple[Package, str]:
    """Return a package and the channel that its entry names, if it does."""
    spec = parse_conda(item.value)
    if isinstance(spec, BadSpec):
        raise LockstepError(f"'{item.value}' is not a match spec: {spec.message}", where=where)
    parts: Sequence[str] = item.value.rpartition("::")[2].split("=")
    if len(parts) != 3 or not all(parts) or any(sign in item.value for sign in "*<>!~|,[ "):
        raise _open(f"'{item.value}'", where, file)
    return Package("conda", spec.name, parts[1], parts[2]), spec.channel


def _open(what: str, where: Location, file: EnvironmentFile) -> LockstepError:
    return LockstepError(
        f"{what} leaves version or build open, and only 'conda env export' with builds says what is installed",
        where=where,
        remedy=f"to solve for it, run: lockstep lock {file.path}",
    )
