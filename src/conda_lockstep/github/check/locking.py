"""Compares the committed locks with their environment file, and solves where they do not fit."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.files import is_inside
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.handoff.handoff import LockState
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.status import stale_reasons
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import lock_path, locks_of, machine_lock_path
from conda_lockstep.lock.pip.device_entries import requests_of
from conda_lockstep.lock.pip.refusals import RefusedEntriesError
from conda_lockstep.lock.solve.cpu_fallback import cpu_builds
from conda_lockstep.lock.solve.dates import horizon_of
from conda_lockstep.lock.update.lock_target import settings_of
from conda_lockstep.lock.update.make import make_locks
from conda_lockstep.text.bounded_text import read_text


@dataclass(frozen=True, slots=True)
class CheckedLock:
    """An environment file with the lock that fits it; see :class:`handoff.Checked`.

    ``lock`` is None, and ``text`` empty, if the file cannot be locked. ``committed`` is the text of the committed
    lock. ``notices`` are remarks about the lock.
    """

    path: Path
    lock_path: Path
    sha256: str
    lock_sha256: str
    state: LockState
    reasons: tuple[str, ...] = ()
    lock: Lock | None = None
    text: str = ""
    committed: str = ""
    notices: tuple[str, ...] = ()


def lock_environment(
    path: Path, config: Config, inputs: Inputs, workspace: Path, cache: Path, now: datetime.datetime
) -> tuple[CheckedLock, ...]:
    """Return the committed locks if they fit, else those of a fresh solve; nothing is written to the checkout.

    Machines that differ have a lock each. ``path`` is relative to ``workspace``, which is the working folder;
    downloads go to ``cache``. Raises ``LockstepError`` for an environment file that cannot be read.
    """
    file = read(path)
    committed = _committed(path, workspace)
    known = {target: _known(path, target, text) for target, text in committed.items()}
    old: dict[Path, Lock] = {}
    for target, text in committed.items():
        try:
            old[target] = cep37.parse(text, target.as_posix())
        except LockstepError as error:
            known[target] = replace(known[target], state="stale", reasons=(str(error),), committed="")
    for target, reasons in stale_reasons(file, old, config, inputs.platforms).items() if old else ():
        if reasons:
            before = known.get(target) or _known(path, target, None)
            state: LockState = "missing" if before.state == "missing" else "stale"
            known[target] = replace(before, state=state, reasons=tuple(map(str, reasons)))
    if old.keys() == known.keys() and all(each.state == "current" for each in known.values()) and known:
        return tuple(
            replace(
                each, lock=old[target], text=committed[target], notices=_notices(old[target], file, config)
            )
            for target, each in known.items()
        )
    return tuple(_solved(file, path, config, inputs, cache, known, [*old.values()], now))


def _solved(
    file: EnvironmentFile,
    path: Path,
    config: Config,
    inputs: Inputs,
    cache: Path,
    known: Mapping[Path, CheckedLock],
    old: Sequence[Lock],
    now: datetime.datetime,
) -> Iterator[CheckedLock]:
    """Yield the locks of a fresh solve, and the committed locks that it makes obsolete."""
    try:
        cuda = inputs.cuda or None
        settings = settings_of(
            file,
            config,
            old,
            platforms=inputs.platforms,
            cuda=cuda,
            cache=cache,
            horizon=horizon_of("", config.min_age, now),
        )
        made = make_locks(file, settings, old=old)
    except LockstepError as error:
        target = next(iter(known), lock_path(path))
        before = known.get(target) or _known(path, target, None)
        each = error.detail if isinstance(error, RefusedEntriesError) else ()
        # What the solver says decides: it comes first.
        yield replace(before, state="failed", reasons=(str(error), *each, *before.reasons))
        return
    locks = {machine_lock_path(path, name): lock for name, lock in made.items()}
    for target, lock in locks.items():
        before = known.get(target) or _known(path, target, None)
        yield replace(before, lock=lock, text=cep37.render(lock), notices=_notices(lock, file, config))
    for target in known.keys() - locks.keys():
        if known[target].lock_sha256:
            reasons = known[target].reasons or ("no machine uses this lock anymore",)
            yield replace(known[target], state="stale", reasons=reasons)


def _committed(path: Path, workspace: Path) -> dict[Path, str]:
    """Return the texts of the locks in the checkout; a link that leads outside it counts as no lock."""
    common = lock_path(path)
    found = {}
    for target in locks_of([path])[path]:
        if target.is_file() and is_inside(workspace, target):
            text = read_text(target)
            if target == common or cep37.is_written_by_us(text):
                found[target] = text
    return found


def _known(path: Path, target: Path, text: str | None) -> CheckedLock:
    state: LockState = "missing" if text is None else "current"
    digest = "" if text is None else _digest(target)
    return CheckedLock(path, target, _digest(path), digest, state, committed=text or "")


def _notices(lock: Lock, file: EnvironmentFile, config: Config) -> tuple[str, ...]:
    requests = requests_of(file, Mirrors(config.mirrors, config.trust))
    builds = cpu_builds(lock, requests, config.machines)
    return (*lock.notices, *(str(build) for build in builds))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
