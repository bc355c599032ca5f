"""How the committed lock stands to its environment file, and the lock that holds for it: that one or a fresh one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.environment.document import EnvironmentFile, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.files import is_inside
from conda_lockstep.github.handoff import LockState
from conda_lockstep.github.inputs import Inputs
from conda_lockstep.lock import cep37, gpu
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.check import is_satisfied
from conda_lockstep.lock.make import make_lock
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.paths import lock_path
from conda_lockstep.lock.targets import expected_platforms, settings_of
from conda_lockstep.lock.text import read_text
from conda_lockstep.lock.wanted import wanted


@dataclass(frozen=True, slots=True)
class Locked:
    """An environment file with the lock that holds for it; see :class:`handoff.Checked`.

    ``lock`` is None, and ``text`` empty, where it cannot be locked. ``notices`` are what is to be known about the lock.
    """

    path: Path
    lock_path: Path
    sha256: str
    lock_sha256: str
    state: LockState
    reasons: tuple[str, ...] = ()
    lock: Lock | None = None
    text: str = ""
    notices: tuple[str, ...] = ()


def lock_environment(path: Path, config: Config, inputs: Inputs, workspace: Path, cache: Path) -> Locked:
    """Take the committed lock where it fits, else solve; nothing is written to the checkout.

    ``path`` is relative to ``workspace``, which is the working folder; downloads go to ``cache``. Raises
    ``LockstepError`` for an environment file that cannot be read.
    """
    file = read(path)
    target = lock_path(path)
    text = _committed(target, workspace)
    known = Locked(path, target, _digest(path), "" if text is None else _digest(target), "missing")
    old: Lock | None = None
    if text is not None:
        old, reasons = _judge(text, file, target, config, inputs)
        known = replace(known, state="stale" if reasons else "current", reasons=reasons)
    if old is not None and known.state == "current":
        return replace(known, lock=old, text=text or "", notices=_notices(old, file, config))
    try:
        cuda = inputs.cuda or None
        lock = make_lock(
            file, settings_of(file, config, old, platforms=inputs.platforms, cuda=cuda, cache=cache)
        )
    except LockstepError as error:
        return replace(known, state="failed", reasons=(*known.reasons, str(error)))
    return replace(known, lock=lock, text=cep37.render(lock), notices=_notices(lock, file, config))


def _committed(target: Path, workspace: Path) -> str | None:
    """Return the text of the lock in the checkout; a link that leads out of it counts as no lock."""
    return read_text(target) if target.is_file() and is_inside(workspace, target) else None


def _judge(
    text: str, file: EnvironmentFile, target: Path, config: Config, inputs: Inputs
) -> tuple[Lock | None, tuple[str, ...]]:
    """Read the committed lock, and say why it does not fit; one that cannot be read does not."""
    try:
        lock = cep37.parse(text, target.as_posix())
    except LockstepError as error:
        return None, (str(error),)
    expected = expected_platforms(file, inputs.platforms, config)
    mirrors = Mirrors(config.mirrors)
    return lock, tuple(
        str(reason) for reason in is_satisfied(file, lock, platforms=expected, mirrors=mirrors)
    )


def _notices(lock: Lock, file: EnvironmentFile, config: Config) -> tuple[str, ...]:
    builds = gpu.cpu_builds(lock, wanted(file, Mirrors(config.mirrors)))
    return (*lock.notices, *(str(build) for build in builds))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
