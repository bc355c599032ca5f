"""``lockstep build``: installs the lock of an environment file into a prefix."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from conda_lockstep.build.environment import build_environment
from conda_lockstep.config import Config, load
from conda_lockstep.environment.document import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock import cep37
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.check import is_satisfied
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.paths import SUFFIX, lock_path
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.platforms import this_platform

DEFAULT_FILE = Path("environment.yml")


def run(file: Path | None, prefix: Path) -> int:
    """Build ``file``, an environment file with its lock beside it, or a lock itself, into ``prefix``."""
    path = file or DEFAULT_FILE
    config = load(path.resolve().parent)
    mirrors = Mirrors(config.mirrors)
    lock_file = path if path.name.endswith(SUFFIX) else lock_path(path)
    lock = cep37.read(lock_file) if lock_file == path else _lock_of(path, lock_file, config, mirrors)
    packages = _for_this_machine(lock, lock_file)
    had_remains = build_environment(
        packages, prefix, mirrors, progress=sys.stderr.isatty() and "CI" not in os.environ
    )
    if had_remains:
        print(f"lockstep: {prefix}: removed what an unfinished build had left", file=sys.stderr)
    print(f"{prefix}: {len(packages)} packages from {lock_file} ({packages.environment_id})")
    return 0


def _lock_of(path: Path, lock_file: Path, config: Config, mirrors: Mirrors) -> Lock:
    """Return the lock of an environment file; raises where there is none, or where it no longer fits."""
    environment = read(path)
    remedy = f"run: lockstep lock {path}"
    if not lock_file.exists():
        raise LockstepError("there is no lock yet", where=str(lock_file), remedy=remedy)
    lock = cep37.read(lock_file)
    reasons = is_satisfied(environment, lock, mirrors=mirrors)
    if reasons:
        raise LockstepError(
            f"the lock no longer fits {path}",
            where=str(lock_file),
            remedy=remedy,
            detail=tuple(map(str, reasons)),
        )
    return lock


def _for_this_machine(lock: Lock, lock_file: Path) -> PackageSet:
    platform = this_platform()
    if platform not in lock.platforms:
        known = ", ".join(sorted(lock.platforms))
        remedy = f"run: lockstep lock --platform {platform}"
        raise LockstepError(
            f"the lock is for {known}, this machine is {platform}", where=str(lock_file), remedy=remedy
        )
    return lock.platforms[platform]
