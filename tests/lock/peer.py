"""conda-lock's own reader, as the judge of what we write."""

from __future__ import annotations

import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its vendored conda deprecates itself at import
    from conda_lock.lockfile import parse_conda_lock_file
    from conda_lock.lockfile.v2prelim.models import LockedDependency


def read_with_conda_lock(path: Path) -> list[LockedDependency]:
    """Return the packages that conda-lock reads from a lock; raises where it refuses it."""
    return parse_conda_lock_file(path).package
