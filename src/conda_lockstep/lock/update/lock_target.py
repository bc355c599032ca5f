"""Chooses the platforms and machines to lock for: requested, else from file, settings, old locks, else this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.machines import expected_platforms, machines_for, virtual_packages_of
from conda_lockstep.lock.solve.solve import Horizon
from conda_lockstep.lock.update.make import Settings


def settings_of(
    file: EnvironmentFile,
    config: Config,
    old: Sequence[Lock] = (),
    *,
    platforms: Sequence[str] = (),
    cuda: str | None = None,
    cache: Path | None = None,
    allow_cpu: bool = False,
    allow_build: Sequence[str] = (),
    horizon: Horizon,
) -> Settings:
    """Return the settings for locking a file; ``cuda`` None is that of the old lock.

    Raises ``LockstepError`` for an unknown platform, and for a CUDA if the settings declare machines.
    """
    found = platforms_of(file, platforms, config, old)
    machines = machines_for(config, found)
    if machines and cuda:
        names = ", ".join(machine.name for machine in machines)
        remedy = "leave out --cuda, or change the machine's driver or cuda there"
        raise LockstepError(f"the settings declare the CUDA of each machine ({names})", remedy=remedy)
    for machine in machines:
        virtual_packages_of(machine)  # refuses an unknown driver before anything is fetched
    if cuda is None:
        cuda = next(filter(None, map(metadata.cuda_of, old)), "") if not machines else ""
    return Settings(
        platforms=found,
        cuda=cuda,
        machines=machines,
        mirrors=Mirrors(config.mirrors, config.trust),
        index=config.pypi_index,
        cache=cache,
        cpu_allow=None if allow_cpu else (*config.cpu_allow, *_allowed_before(old)),
        cpu_declared=config.cpu_allow,
        horizon=horizon,
        allow_build=(*config.allow_build, *allow_build),
    )


def _allowed_before(old: Sequence[Lock]) -> list[str]:
    """Return the CPU builds that ``--allow-cpu`` allowed when the old locks were made."""
    return [name for lock in old for each in lock.platforms for name in metadata.cpu_allowed_of(lock, each)]


def platforms_of(
    file: EnvironmentFile, requested: Sequence[str], config: Config, old: Sequence[Lock] = ()
) -> tuple[str, ...]:
    """Return the platforms to lock for: requested, else of file, settings, old locks, or this machine."""
    found = expected_platforms(file, requested, config)
    found = found or tuple(sorted({platform for lock in old for platform in lock.platforms}))
    if not found:
        from rattler import Subdir

        found = (str(Subdir.current()),)
    for platform in found:
        virtual.virtual_packages(platform)  # refuses an unknown platform before anything is fetched
    return found
