"""conda-lock's own reader, as the judge of what we write."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its vendored conda deprecates itself at import
    from conda_lock.conda_lock import render_lockfile_for_platform
    from conda_lock.lockfile import parse_conda_lock_file
    from conda_lock.lockfile.v2prelim.models import LockedDependency


def read_with_conda_lock(path: Path) -> list[LockedDependency]:
    """Return the packages that conda-lock reads from a lock; raises where it refuses it."""
    return parse_conda_lock_file(path).package


def render_with_conda_lock(path: Path, platforms: Iterable[str]) -> dict[str, list[str]]:
    """Return what conda-lock renders as ``@EXPLICIT`` from a lock: what is to be installed, by platform."""
    lock = parse_conda_lock_file(path)
    rendered = {
        platform: render_lockfile_for_platform(
            lockfile=lock,
            include_dev_dependencies=False,
            extras=None,
            kind="explicit",
            platform=platform,
            suppress_warning_for_pip_and_explicit=True,
        )
        for platform in platforms
    }
    return {
        platform: [line for line in lines if line.startswith(("http", "file:", "# pip "))]
        for platform, lines in rendered.items()
    }
