"""Decides whether an environment is built on this runner, and builds it from its lock in the sandbox."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.config import FILE_NAME, PYPROJECT, Config
from conda_lockstep.drift.compare import verify
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.check import sandbox
from conda_lockstep.github.check.locking import CheckedLock
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.inputs import Build
from conda_lockstep.github.event.trust import Decision, reason_for_distrust
from conda_lockstep.github.handoff.handoff import BuildState
from conda_lockstep.lock.check.select import fitting
from conda_lockstep.lock.model.paths import machine_lock_path
from conda_lockstep.snapshot import machine
from conda_lockstep.text.atomic import write_text

SECONDS = 45 * 60


@dataclass(frozen=True, slots=True)
class Built:
    """The result of a build: its state, the reason, and the steps of evidence that it reached."""

    state: BuildState
    reason: str
    reached: tuple[str, ...] = ()


def decide(
    locked: CheckedLock, build_input: Build, gate: Decision, event: Event, base: CommitFiles
) -> Built | None:
    """Return why an environment is not built; None if it is to be built."""
    if locked.lock is None:
        return Built("skipped", "no lock to build from")
    if build_input == "never":
        return Built("skipped", "input 'build' is 'never'")
    if not gate.allowed:
        return Built("refused", gate.reason)
    if reason_for_distrust(event) and base.holds_credentials():
        remedy = "check out with 'persist-credentials: false'"
        return Built("refused", f"the checkout stores its token where a build could read it: {remedy}")
    if this_platform() not in locked.lock.platforms:
        return Built("skipped", f"the lock has no packages for this runner's {this_platform()}")
    if build_input == "auto" and _is_unchanged(locked, base):
        return Built("skipped", "its lock is unchanged since the base commit")
    return None


def check_machine(name: str, config: Config) -> None:
    """Raise ``LockstepError`` if input ``machine`` is not a machine of the settings."""
    known = [machine.name for machine in config.machines]
    if name and name not in known:
        raise LockstepError(
            f"input 'machine' is '{name}'", remedy=f"the settings declare {', '.join(known) or 'no machine'}"
        )


def belongs_elsewhere(locked: CheckedLock, found: Sequence[CheckedLock], name: str = "") -> Built | None:
    """Return why a lock is for another machine than this runner; None if it is for this one.

    ``name`` is the machine that this runner is, empty to decide by its driver.
    """
    locks = {each.lock_path: each.lock for each in found if each.lock is not None}
    own = machine_lock_path(locked.path, name)
    if name and own in locks:
        return None if own == locked.lock_path else Built("skipped", f"{own.name} is the lock of {name}")
    try:
        chosen = fitting(locks, this_platform(), lambda: machine.detect().virtual_packages)
    except LockstepError as error:
        return Built("skipped", str(error))
    if chosen == locked.lock_path:
        return None
    return Built("skipped", f"{chosen.name} is the lock for this runner")


def build(
    locked: CheckedLock, config: Config, folder: Path, workspace: Path, cache: Path, out: TextIO
) -> Built:
    """Install the lock into a prefix below ``folder``, and compare the prefix with the lock.

    The prefix is removed afterwards: an environment can have ten gigabytes, and the runner is left as it was found.
    """
    prefix = folder / "prefix"
    file = _lay_out(locked, config, folder / "files")
    # The lock itself: it was compared with the environment file, which may name files of the checkout.
    lock = file.with_name(locked.lock_path.name)
    command = [sys.executable, "-I", "-m", "conda_lockstep", "build", str(lock), "--prove", "--no-projects"]
    command += ["--prefix", str(prefix), "--untrusted", config.trust.distrust]
    try:
        environment = sandbox.clean_environment(os.environ, folder, cache)
        outcome = sandbox.run(command, folder, workspace, SECONDS, environment)
        print(outcome.output, file=out)
        if outcome.status is None:
            return Built("failed", f"the build took longer than {SECONDS // 60} minutes")
        if outcome.status != 0:
            return Built("failed", outcome.complaint)
        return _compared(prefix, lock)
    finally:
        shutil.rmtree(prefix, ignore_errors=True)


def _is_unchanged(locked: CheckedLock, base: CommitFiles) -> bool:
    """Return whether the base commit has the same lock, as far as the checkout can tell."""
    try:
        before = base.read(locked.lock_path.as_posix())
    except LockstepError:
        return False
    return before is not None and before == locked.text.encode()


def _lay_out(locked: CheckedLock, config: Config, folder: Path) -> Path:
    """Copy file, lock and settings as they are in the repository; return the environment file.

    The build then reads nothing from the checkout, and a fresh solution need not be written into it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (FILE_NAME, PYPROJECT):
        if config.root is not None and (config.root / name).is_file():
            shutil.copyfile(config.root / name, folder / name)
    write_text(folder / locked.lock_path.name, locked.text)
    shutil.copyfile(locked.path, folder / locked.path.name)
    return folder / locked.path.name


def _compared(prefix: Path, lock: Path) -> Built:
    """Report it as installed only if the prefix contains exactly what the lock records."""
    try:
        pair = verify.read(prefix, lock)
        compared = verify.without_projects(pair)
        differences = verify.failures(verify.report(compared))
    except LockstepError as error:
        return Built("failed", str(error))
    if differences:
        named = ", ".join(row.subject for row in differences[:5])
        return Built("failed", f"the prefix differs from the lock in {len(differences)} places: {named}")
    left_out = ", ".join(key[1] for key in pair.expected if key not in compared.expected)
    projects = f", without the projects, which the Action never builds: {left_out}" if left_out else ""
    return Built("built", f"it contains exactly what the lock records{projects}", ("installed",))
