"""Pins from the lock that lies beside a file, as fixes; only from one of ours, which is read without YAML or solver."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.lock.paths import lock_path
from conda_lockstep.rules import Fix

if TYPE_CHECKING:
    from conda_lockstep.lock.pin import Pins


def locked_pin(entries: Entries, entry: CondaEntry, config: Config) -> Fix | None:
    """Return the fix that pins a conda entry to what is locked, to the minor version or as ``pin-precision`` says."""
    lock = _lock_of(entries.file.path)
    pins = _pins(lock)
    if pins is None:
        return None
    precise = config.pin_precision.get(entry.spec.name) == "patch"
    given = pins.conda(entry, "patch" if precise else "minor")
    return _fix(lock, entry, given) if isinstance(given, Edit) else None


def locked_pip_pin(entries: Entries, entry: PipEntry) -> Fix | None:
    """Return the fix that pins a pip entry to what is locked."""
    lock = _lock_of(entries.file.path)
    pins = _pins(lock)
    given = pins.pip(entry) if pins else None
    return _fix(lock, entry, given) if isinstance(given, Edit) else None


def _fix(lock: Path, entry: CondaEntry | PipEntry, given: Edit) -> Fix:
    name = entry.spec.name if isinstance(entry, CondaEntry) else entry.requirement.name
    return Fix(f"pin {name} to '{given.text}', which {lock.name} holds", (given,), "unsafe")


@lru_cache(maxsize=1)
def _lock_of(path: str) -> Path:
    return lock_path(Path(path))


def _pins(lock: Path) -> Pins | None:
    try:
        found = lock.stat()
    except OSError:
        return None
    return _read(lock, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, *_: int) -> Pins | None:
    """Read a lock, anew where it has changed; None for what is not as we write it."""
    from conda_lockstep.errors import LockstepError
    from conda_lockstep.lock.cep37_canonical import parse_canonical
    from conda_lockstep.lock.pin import Pins
    from conda_lockstep.lock.text import read_text

    try:
        lock = parse_canonical(read_text(path))
    except LockstepError:
        return None
    return Pins(lock.platforms) if lock else None
