"""``lockstep build``: installs the lock of an environment file into a prefix."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from conda_lockstep.build.environment import build_environment
from conda_lockstep.config import load
from conda_lockstep.environment.document import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock import cep37, select
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.check import is_satisfied
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.paths import SUFFIX, lock_path
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.machine import detect
from conda_lockstep.snapshot.platforms import this_platform

DEFAULT_FILE = Path("environment.yml")


def run(file: Path | None, prefix: Path, *, machine: str = "") -> int:
    """Build ``file``, an environment file with its locks beside it, or a lock itself, into ``prefix``.

    Of several locks it is the one that names ``machine``, or the one that fits this node.
    """
    path = file or DEFAULT_FILE
    config = load(path.resolve().parent)
    mirrors = Mirrors(config.mirrors)
    if path.name.endswith(SUFFIX):
        lock_file, lock = path, cep37.read(path)
    else:
        lock_file, lock = _lock_of(path, machine, mirrors)
    packages = _for_this_machine(lock, lock_file)
    had_remains = build_environment(
        packages, prefix, mirrors, progress=sys.stderr.isatty() and "CI" not in os.environ
    )
    if had_remains:
        print(f"lockstep: {prefix}: removed what an unfinished build had left", file=sys.stderr)
    print(f"{prefix}: {len(packages)} packages from {lock_file} ({packages.environment_id})")
    return 0


def _lock_of(path: Path, machine: str, mirrors: Mirrors) -> tuple[Path, Lock]:
    """Return the lock of an environment file; raises where there is none, or where it no longer fits."""
    environment = read(path)
    remedy = f"run: lockstep lock {path}"
    locks = select.read_own(path)
    if not locks:
        raise LockstepError("there is no lock yet", where=str(lock_path(path)), remedy=remedy)
    lock_file = _chosen(locks, machine)
    _for_this_machine(locks[lock_file], lock_file)  # what is for another platform need not be looked at
    reasons = is_satisfied(environment, locks[lock_file], mirrors=mirrors)
    if reasons:
        raise LockstepError(
            f"the lock no longer fits {path}",
            where=str(lock_file),
            remedy=remedy,
            detail=tuple(map(str, reasons)),
        )
    return lock_file, locks[lock_file]


def _chosen(locks: Mapping[Path, Lock], machine: str) -> Path:
    if machine:
        return select.named(locks, machine)
    if len(locks) == 1:
        return next(iter(locks))
    return select.fitting(locks, this_platform(), lambda: detect().virtual_packages)


def _for_this_machine(lock: Lock, lock_file: Path) -> PackageSet:
    platform = this_platform()
    if platform not in lock.platforms:
        known = ", ".join(sorted(lock.platforms))
        remedy = f"run: lockstep lock --platform {platform}"
        raise LockstepError(
            f"the lock is for {known}, this machine is {platform}", where=str(lock_file), remedy=remedy
        )
    return lock.platforms[platform]
