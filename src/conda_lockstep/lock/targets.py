"""What a file is locked for: what was asked, else what file, settings and old lock say, else this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.environment.document import EnvironmentFile
from conda_lockstep.lock import metadata, virtual
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.make import Settings
from conda_lockstep.lock.model import Lock


def settings_of(
    file: EnvironmentFile,
    config: Config,
    old: Lock | None = None,
    *,
    platforms: Sequence[str] = (),
    cuda: str | None = None,
    cache: Path | None = None,
) -> Settings:
    """Return how to lock a file; ``cuda`` None is what the old lock was made for.

    Raises ``LockstepError`` for what is no platform.
    """
    return Settings(
        platforms=platforms_of(file, platforms, config, old),
        cuda=metadata.cuda_of(old) if cuda is None and old else cuda or "",
        mirrors=Mirrors(config.mirrors),
        index=config.pypi_index,
        cache=cache,
    )


def platforms_of(
    file: EnvironmentFile, asked: Sequence[str], config: Config, old: Lock | None = None
) -> tuple[str, ...]:
    """Return what to lock for: what was asked, else the file's, the settings', the old lock's, this machine's."""
    found = expected_platforms(file, asked, config) or (tuple(old.platforms) if old else ())
    if not found:
        from rattler import Subdir

        found = (str(Subdir.current()),)
    for platform in found:
        virtual.machine(platform)  # refuses what is no platform before anything is fetched
    return found


def expected_platforms(file: EnvironmentFile, asked: Sequence[str], config: Config) -> tuple[str, ...]:
    """Return the platforms that a lock must have, no more and no less; none where any will do."""
    return tuple(asked) or tuple(item.value for item in file.platforms) or config.platforms
