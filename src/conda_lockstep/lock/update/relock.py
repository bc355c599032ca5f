"""What a lock was the answer to, asked again: its file's entries, on the machine that it was solved for."""

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
from conda_lockstep.lock.solve.requested_spec import wanted
from conda_lockstep.lock.solve.solve import NO_HORIZON, Request
from conda_lockstep.lock.update.lock_target import settings_of
from conda_lockstep.lock.update.make import Settings
from conda_lockstep.settings import load
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class LockedPlatform:
    """One platform of a lock, the file that it is of, and how it was solved."""

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
        """Return how a lock would be made at a moment, from packages of the age that the settings require."""
        return replace(self.settings, horizon=horizon_of("", self.config.min_age, now))


def read_lock(path: Path) -> Lock:
    """Return a lock. Raises ``LockstepError`` for what is none."""
    lock = formats.parse(read_text(path), str(path), "default") if path.is_file() else None
    if lock is None:
        raise LockstepError("is no lock", where=str(path), remedy="name a conda-lock.yml")
    return lock


def platforms_of(
    path: Path, trust: Trust, asked: Sequence[str] = (), file: Path | None = None
) -> Iterator[LockedPlatform]:
    """Yield the platforms of a lock: those asked for, else all.

    ``file`` is the environment file that it is of, by default the one beside it. Raises ``LockstepError`` for what is
    no lock, lies beside no environment file, or has nothing for a platform.
    """
    lock = read_lock(path)
    beside = file or environment_of(path)
    if beside is None:
        raise LockstepError(
            "lies beside no environment file, so nothing can be solved for it",
            where=str(path),
            remedy="keep conda-lock.yml beside environment.yml, NAME.conda-lock.yml beside NAME.yml",
        )
    asks, config = read(beside), load(resolve_path(beside).parent, trust)
    for platform in asked or sorted(lock.platforms):
        if platform not in lock.platforms:
            has = ", ".join(lock.platforms)
            raise LockstepError(f"has nothing for '{platform}'", where=str(path), remedy=f"it has {has}")
        yield LockedPlatform(path, lock, asks, config, settings_again(asks, config, lock, platform))


def settings_again(file: EnvironmentFile, config: Config, lock: Lock, platform: str) -> Settings:
    """Return how one platform of a lock was solved, whatever machines are declared now."""
    # The lock says for which machine it is; another would be another question.
    alone = config._replace(machines=())
    return replace(
        settings_of(file, alone, (lock,), allow_cpu=True, horizon=NO_HORIZON), platforms=(platform,)
    )


def request_from_lock(file: EnvironmentFile, settings: Settings, lock: Lock) -> Request:
    """Return what a file asks of the solver for the settings' one platform; nothing is kept of the lock."""
    (platform,) = settings.platforms
    facts = machine_of(lock, platform) or virtual_packages(platform, settings.cuda)
    channels = channels_of(file, settings.mirrors, windows=platform.startswith("win-"))
    return Request(wanted(file, settings.mirrors), channels, platform, facts)
