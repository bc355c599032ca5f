"""What a lock was the answer to, asked again: its file's entries, on the machine that it was solved for."""

from __future__ import annotations

from dataclasses import replace

from conda_lockstep.config import Config
from conda_lockstep.environment.document import EnvironmentFile
from conda_lockstep.lock.channels import channels_of
from conda_lockstep.lock.make import Settings
from conda_lockstep.lock.metadata import machine_of
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.solve import Request
from conda_lockstep.lock.targets import settings_of
from conda_lockstep.lock.virtual import machine
from conda_lockstep.lock.wanted import wanted


def settings_again(file: EnvironmentFile, config: Config, lock: Lock, platform: str) -> Settings:
    """Return how one platform of a lock was solved, whatever machines are declared now."""
    # The lock says for which machine it is; another would be another question.
    alone = config._replace(machines=())
    return replace(settings_of(file, alone, (lock,), allow_cpu=True), platforms=(platform,))


def request_again(file: EnvironmentFile, settings: Settings, lock: Lock) -> Request:
    """Return what a file asks of the solver for the settings' one platform; nothing is kept of the lock."""
    (platform,) = settings.platforms
    facts = machine_of(lock, platform) or machine(platform, settings.cuda)
    channels = channels_of(file, settings.mirrors, windows=platform.startswith("win-"))
    return Request(wanted(file, settings.mirrors), channels, platform, facts)
