"""Checks a lock for CPU builds where the file, or the GPU of a declared machine, requires CUDA."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.satisfiability import Reason
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.device_entries import requests_of
from conda_lockstep.lock.solve.cpu_fallback import cpu_builds, refusable


def cpu_reasons(file: EnvironmentFile, lock: Lock, config: Config) -> Iterator[Reason]:
    """Yield the CPU builds of a lock that neither the settings nor ``--allow-cpu`` allow.

    Each machine is judged by the driver that the settings declare for it now. Raises ``LockstepError`` where the
    environment file itself cannot be read as one.
    """
    requests = requests_of(file, Mirrors(config.mirrors, config.trust))
    for build in refusable(cpu_builds(lock, requests, config.machines), config.cpu_allow):
        if build.name not in metadata.cpu_allowed_of(lock, build.platform):
            entry = build.request or build.entry
            yield Reason(str(build), entry.where if entry else file.path)
