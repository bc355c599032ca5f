"""Takes what is not a lock yet, and makes it one by asking: channels for conda's part, the index for pip's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.formats.canonical import unknown
from conda_lockstep.lock.formats.explicit import ORDER
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip import resolve as pypi
from conda_lockstep.lock.pip.projects.locked import located_part
from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.lock.pip.requirements import PipPart, PipRequest
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.lock.update.complete_records import fill
from conda_lockstep.lock.update.conda_export import read_exported
from conda_lockstep.lock.update.make import Settings, solver_for
from conda_lockstep.packages import Package, PackageSet


def lock_from_export(file: EnvironmentFile, settings: Settings) -> Lock:
    """Return the lock of what ``conda env export`` wrote, for one platform.

    Raises ``LockstepError`` for an entry that leaves anything open, and for what channels and index do not have.
    """
    (platform,) = settings.platforms
    exported = read_exported(file, settings.mirrors, platform=platform)
    conda = asyncio.run(fill(exported.packages, exported.channels, platform, solver_for(settings)))
    part, projects = located_part(
        file,
        settings.mirrors,
        index=settings.index,
        cache=settings.cache,
        allow_build=settings.allow_build,
    )
    pip = _resolved(part, conda, platform, settings, projects) if part.requirements or projects else ()
    return Lock(
        platforms={platform: PackageSet.of([*conda, *pip])},
        channels=tuple(channel.url for channel in exported.channels),
    )


def complete_records(lock: Lock, settings: Settings, source: str) -> Lock:
    """Return a lock with what its source did not say: URLs, hashes, and all dependencies where it says none.

    Raises ``LockstepError`` for what channels and index do not have, or have with other bytes.
    """
    solver = solver_for(settings)
    platforms = {}
    for platform, packages in lock.platforms.items():
        incomplete = [package for package in packages.values() if _is_open(package, lock)]
        conda = [package for package in incomplete if package.manager == "conda"]
        channels = [
            LockChannel(url, settings.mirrors.fetch_url(url))
            for url in dict.fromkeys(package.channel for package in conda)
        ]
        known = PackageSet.of([*packages.values(), *asyncio.run(fill(conda, channels, platform, solver))])
        pip = [package for package in incomplete if package.manager == "pip" and not package.url]
        part = PipPart(tuple(_request(package, source) for package in pip))
        found = _resolved(part, list(known.only("conda").values()), platform, settings) if pip else ()
        files = {package.key: package for package in found}
        named = [
            files[package.key]._replace(depends=package.depends or files[package.key].depends)
            for package in pip
            if package.key in files
        ]
        platforms[platform] = PackageSet.of([*known.values(), *named])
    metadata = {key: value for key, value in lock.metadata.items() if not key.endswith(f".{ORDER}")}
    return replace(lock, platforms=platforms, metadata=metadata)


def _is_open(package: Package, lock: Lock) -> bool:
    is_bare = lock.source_format == "explicit" and package.manager == "conda" and not package.depends
    return is_bare or bool(unknown([package]))


def _request(package: Package, source: str) -> PipRequest:
    text = f"{package.name}=={package.version}"
    try:
        return PipRequest(text, Requirement(text), Location(source))
    except InvalidRequirement:
        what = f"'{package.version}' of {package.name} is no version that an index could have"
        raise LockstepError(what, where=source, remedy="install a release of it") from None


def _resolved(
    part: PipPart,
    conda: Sequence[Package],
    platform: str,
    settings: Settings,
    projects: Sequence[Project] = (),
) -> tuple[Package, ...]:
    """Return the files that the index has for pinned requirements, and for what they need besides."""
    python = next((package for package in conda if package.name == "python"), None)
    if python is None:
        where = part.requirements[0].where if part.requirements else projects[0].where
        raise LockstepError("pip packages, but no python among conda's", where=where)
    target = WheelTarget(python.version, platform, virtual.virtual_packages(platform))
    cache = settings.cache / "uv" if settings.cache else None
    found = pypi.resolve(
        part, conda, target, settings.mirrors, index=settings.index, cache=cache, projects=projects
    )
    return found.packages
