"""Selects a lock of an environment file for a machine: by the machine's name, or by this node's virtual packages.

Standard library only, as ``verify`` is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from pathlib import Path

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import lock_path, locks_of
from conda_lockstep.lock.model.virtual_packages import VirtualPackage, from_text
from conda_lockstep.lock.solve.machines import lacking
from conda_lockstep.text.bounded_text import read_text

DetectVirtualPackages = Callable[[], Sequence[str]]
"""Returns this node's virtual packages as conda writes them, ``__cuda=12.4=0``; a driver may take a while to answer."""


def read_own(file: Path, *, broken: Callable[[Path, LockstepError], None] | None = None) -> dict[Path, Lock]:
    """Return the locks of this file: those beside it, without those of another tool that are for machines.

    A lock that cannot be read is handed to ``broken`` with the reason, and left out; without that ``LockstepError`` is
    raised.
    """
    found = {}
    for path in locks_of([file])[file]:
        try:
            text = read_text(path)
            lock = cep37.parse(text, str(path))
        except LockstepError as error:
            if broken is None:
                raise
            broken(path, error)
            continue
        if path == lock_path(file) or (cep37.is_ours(text, lock) and is_machine_lock(lock)):
            found[path] = lock
    return found


def is_machine_lock(lock: Lock) -> bool:
    """Return whether a lock is for declared machines."""
    return any(metadata.machines_of(lock, platform) for platform in lock.platforms)


def named(locks: Mapping[Path, Lock], machine: str) -> Path:
    """Return the lock that names a declared machine. Raises ``LockstepError`` where none does."""
    known: list[str] = []
    for path, lock in locks.items():
        for platform in lock.platforms:
            names = metadata.machines_of(lock, platform)
            if machine in names:
                return path
            known += names
    remedy = (
        f"known are {', '.join(known)}" if known else "declare it in the settings, then run: lockstep lock"
    )
    raise LockstepError(f"no lock is for a machine '{machine}'", remedy=remedy)


def fitting(locks: Mapping[Path, Lock], platform: str, detect: DetectVirtualPackages) -> Path:
    """Return the lock for this node: the only one for its platform, else the one whose needs it meets.

    Of several that fit, the one for the newest CUDA. Raises ``LockstepError`` where none fits, or more than one does.
    """
    own = {path: lock for path, lock in locks.items() if platform in lock.platforms}
    if not own:
        known = sorted({name for lock in locks.values() for name in lock.platforms})
        what = f"the locks are for {', '.join(known) or 'no platform'}, this machine is {platform}"
        raise LockstepError(what, remedy=f"run: lockstep lock --platform {platform}")
    if len(own) == 1:
        return next(iter(own))
    node = from_text(" ".join(detect()))
    lacks = {path: _lacks(lock, platform, node) for path, lock in own.items()}
    fits = [path for path in own if not lacks[path]]
    if not fits:
        needs = "; ".join(f"{path.name} needs {', '.join(missing)}" for path, missing in lacks.items())
        raise LockstepError(f"no lock fits this machine: {needs}", remedy="select one with --machine")
    newest = sorted({_cuda(own[path], platform) for path in fits}, key=cmp_to_key(_newer_last))[-1]
    best = [path for path in fits if _cuda(own[path], platform) == newest]
    if len(best) > 1:
        names = ", ".join(path.name for path in best)
        raise LockstepError(f"several locks fit this machine: {names}", remedy="select one with --machine")
    return best[0]


def _lacks(lock: Lock, platform: str, node: Sequence[VirtualPackage]) -> tuple[str, ...]:
    return lacking(node, metadata.needs_of(lock, platform), metadata.allows_of(lock, platform))


def _cuda(lock: Lock, platform: str) -> str:
    return next((fact.version for fact in metadata.machine_of(lock, platform) if fact.name == "__cuda"), "")


def _newer_last(one: str, other: str) -> int:
    return compare_conda(other, one)
