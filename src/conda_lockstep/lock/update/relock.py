"""Requests a lock's solution again: its file's entries, for the machine that it was solved for."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import channels_of
from conda_lockstep.lock.formats import detect as formats
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import machine_of
from conda_lockstep.lock.model.paths import environment_of
from conda_lockstep.lock.model.virtual_packages import virtual_packages
from conda_lockstep.lock.solve.dates import horizon_of
from conda_lockstep.lock.solve.requested_spec import requested_specs
from conda_lockstep.lock.solve.solve import NO_HORIZON, Request
from conda_lockstep.lock.update.lock_target import settings_of
from conda_lockstep.lock.update.make import Settings
from conda_lockstep.settings import load
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class LockedPlatform:
    """One platform of a lock, its environment file, and the settings that it was solved with."""

    path: Path
    lock: Lock
    file: EnvironmentFile
    config: Config
    settings: Settings

    @property
    def platform(self) -> str:
        """Return the platform."""
        return self.settings.platforms[0]

    def settings_at(self, now: datetime.datetime) -> Settings:
        """Return the settings to make the lock at a moment, from packages of the age that the settings require."""
        return replace(self.settings, horizon=horizon_of("", self.config.min_age, now))


def read_lock(path: Path) -> Lock:
    """Return a lock. Raises ``LockstepError`` for a file that is not a lock."""
    lock = formats.parse(read_text(path), str(path), "default") if path.is_file() else None
    if lock is None:
        raise LockstepError("is not a lock", where=str(path), remedy="pass a conda-lock.yml")
    return lock


def platforms_of(
    path: Path, trust: Trust, requested: Sequence[str] = (), file: Path | None = None
) -> Iterator[LockedPlatform]:
    """Yield the platforms of a lock: those requested, else all.

    ``file`` is its environment file, by default the one beside it. Raises ``LockstepError`` for a file that is not a
    lock, has no environment file beside it, or does not contain a platform.
    """
    lock = read_lock(path)
    named = file or environment_of(path)
    if named is None:
        raise LockstepError(
            "has no environment file beside it to solve",
            where=str(path),
            remedy="keep conda-lock.yml beside environment.yml, NAME.conda-lock.yml beside NAME.yml",
        )
    file_read, config = read(named), load(resolve_path(named).parent, trust)
    for platform in requested or sorted(lock.platforms):
        if platform not in lock.platforms:
            has = ", ".join(lock.platforms)
            raise LockstepError(f"has nothing for '{platform}'", where=str(path), remedy=f"it has {has}")
        yield LockedPlatform(
            path, lock, file_read, config, recorded_settings(file_read, config, lock, platform)
        )


def recorded_settings(file: EnvironmentFile, config: Config, lock: Lock, platform: str) -> Settings:
    """Return the settings that one platform of a lock was solved with, whichever machines are declared now."""
    # The lock records its machine; another machine would be another request.
    alone = config._replace(machines=())
    return replace(
        settings_of(file, alone, (lock,), allow_cpu=True, horizon=NO_HORIZON), platforms=(platform,)
    )


def request_from_lock(file: EnvironmentFile, settings: Settings, lock: Lock) -> Request:
    """Return a file's request to the solver for the settings' one platform; no package of the lock is kept."""
    (platform,) = settings.platforms
    profile = machine_of(lock, platform) or virtual_packages(platform, settings.cuda)
    channels = channels_of(file, settings.mirrors, windows=platform.startswith("win-"))
    return Request(requested_specs(file, settings.mirrors), channels, platform, profile)
