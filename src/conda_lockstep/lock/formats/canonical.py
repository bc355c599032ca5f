"""Makes the canonical lock of what another tool locked, and says what of that it has no room for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.conda.subdirs import KNOWN_SUBDIRS
from conda_lockstep.conda.urls import ANACONDA
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats.explicit import ORDER
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

SHOWN = 5
"""How many packages a message names."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A canonical lock, and in a line each what is not in it."""

    lock: Lock
    lost: tuple[str, ...] = ()


def canonical(lock: Lock, source: str, *, filled: bool = False, describe: bool = True) -> Imported:
    """Return the canonical form of a lock that was read from the file ``source``, or from a prefix.

    Folders of one machine are left out. Raises ``LockstepError`` where a package has no URL, or nothing that its bytes
    could be checked with (``filled`` says that channels and index were asked for it), and for what is no platform or is
    empty. Without ``describe`` it is left open what the packages ask of a machine.
    """
    if describe and not any(lock.platforms.values()):
        raise LockstepError(
            "has no packages, so it cannot be a lock", where=source, remedy="pass another file"
        )
    _require_platforms(lock.platforms, source)
    # Of our own locks, the folders of projects are relative to the lock.
    own = {
        package
        for packages in lock.platforms.values()
        for package in packages.only("pip").values()
        if lock.source_format == "conda-lock"
        and package.url.startswith((".", ".."))
        and project_source(package)
    }
    local = {
        package.name: package
        for packages in lock.platforms.values()
        for package in _local(packages)
        if package not in own
    }
    platforms = {
        name: PackageSet.of(
            package for package in packages.values() if package in own or not _is_local(package)
        )
        for name, packages in lock.platforms.items()
    }
    _require_hashes(platforms.values(), source, filled)
    lost = [
        f"{package} is left out: '{package.url}' is a folder or a file of one machine"
        for _, package in sorted(local.items())
    ]
    return Imported(
        Lock(
            platforms=platforms,
            channels=tuple(dict.fromkeys(map(_channel, lock.channels))),
            sources=tuple(map(_relative, lock.sources)) or (PurePosixPath(source).name,),
            metadata=_metadata(platforms, lock) if describe else lock.metadata,
        ),
        tuple(lost),
    )


def unknown(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Return the packages whose URL is not known, or whose bytes nothing could check."""
    return tuple(package for package in packages if not (package.url and _is_checked(package)))


def by_count(packages: Iterable[Package]) -> tuple[str, ...]:
    """Return the channels of packages, the one that most come from first: a prefix does not keep their order."""
    counts: dict[str, int] = {}
    for package in packages:
        if package.manager == "conda" and package.channel:
            counts[package.channel] = counts.get(package.channel, 0) + 1
    return tuple(sorted(counts, key=lambda channel: (-counts[channel], channel)))


def _metadata(platforms: Mapping[str, PackageSet], lock: Lock) -> dict[str, str]:
    """Return what the lock said of itself, and what its packages ask of a machine."""
    found = {**lock.metadata, **metadata.CREATED_BY}
    for name, packages in platforms.items():
        own = {key.rpartition(".")[2] for key in lock.metadata if key.startswith(f"{name}.")}
        if not own - {"machine", ORDER}:
            found |= metadata.describe(name, metadata.machine_of(lock, name), packages.values())
    return found


def _require_platforms(platforms: Iterable[str], source: str) -> None:
    for name in platforms:
        if name not in KNOWN_SUBDIRS:
            raise LockstepError(
                f"is for '{name}', which is no platform of conda",
                where=source,
                remedy="choose others with --platform",
            )


def _require_hashes(platforms: Iterable[PackageSet], source: str, filled: bool) -> None:
    lacking = {package.name: package for packages in platforms for package in unknown(packages.values())}
    if not lacking:
        return
    listed = sorted(lacking.values(), key=lambda package: package.key)
    names = ", ".join(map(str, listed[:SHOWN])) + (
        f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    )
    has = "1 package has" if len(listed) == 1 else f"{len(listed)} packages have"
    no_url = any(not package.url for package in listed)
    can_fill = not filled and any(package.manager == "conda" or not package.url for package in listed)
    raise LockstepError(
        f"{has} no {'URL' if no_url else 'hash'}, so it cannot be a lock: {names}",
        where=source,
        remedy="add --fill to ask the channels and the index" if can_fill else "lock a release of it instead",
    )


def _is_checked(package: Package) -> bool:
    if package.manager == "pip":
        return bool(package.sha256) or project_source(package) is not None
    return bool(package.sha256 or package.md5)


def _local(packages: PackageSet) -> Sequence[Package]:
    return [package for package in packages.values() if _is_local(package)]


def _is_local(package: Package) -> bool:
    """Say whether a package is built from, or lies in, a folder that other machines do not have."""
    if not package.url:
        return False
    if package.manager == "conda":
        return "://" not in package.url
    return "://" not in package.url or package.url.startswith("file:")


def _channel(text: str) -> str:
    return text.rstrip("/").removeprefix(f"{ANACONDA}/")


def _relative(path: str) -> str:
    """Return a source as a lock may name it: a path of one machine is but its last part."""
    path = path.replace("\\", "/")
    is_absolute = path.startswith(("/", "~")) or re.match(r"[A-Za-z]:/", path)
    return PurePosixPath(path).name if is_absolute else path


def of_platforms(lock: Lock, platforms: Sequence[str], source: str) -> Lock:
    """Return the lock of some of its platforms alone, with what it says of them; raises for one that it has not."""
    if not platforms:
        return lock
    for platform in platforms:
        if platform not in lock.platforms:
            known = ", ".join(sorted(lock.platforms))
            raise LockstepError(f"has nothing for {platform}", where=source, remedy=f"it is for {known}")
    return replace(
        lock,
        platforms={name: packages for name, packages in lock.platforms.items() if name in platforms},
        metadata={
            key: value
            for key, value in lock.metadata.items()
            if (name := key.partition(".")[0]) in platforms or name not in lock.platforms
        },
    )
