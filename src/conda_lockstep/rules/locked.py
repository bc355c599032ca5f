"""Pins from the locks that lie beside a file, as fixes; only from ours, which are read without YAML or solver."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.lock.paths import lock_path, machine_lock_path
from conda_lockstep.rules import Fix

if TYPE_CHECKING:
    from conda_lockstep.lock.pin import Pins
    from conda_lockstep.packages import PackageSet


def locked_pin(entries: Entries, entry: CondaEntry, config: Config) -> Fix | None:
    """Return the fix that pins a conda entry to what is locked, to the minor version or as ``pin-precision`` says."""
    locks = _locks_of(entries.file.path, config)
    pins = _pins(locks)
    if pins is None:
        return None
    precise = config.pin_precision.get(entry.spec.name) == "patch"
    given = pins.conda(entry, "patch" if precise else "minor")
    return _fix(locks, entry, given) if isinstance(given, Edit) else None


def locked_pip_pin(entries: Entries, entry: PipEntry, config: Config) -> Fix | None:
    """Return the fix that pins a pip entry to what is locked."""
    locks = _locks_of(entries.file.path, config)
    pins = _pins(locks)
    given = pins.pip(entry) if pins else None
    return _fix(locks, entry, given) if isinstance(given, Edit) else None


def _fix(locks: tuple[Path, ...], entry: CondaEntry | PipEntry, given: Edit) -> Fix:
    name = entry.spec.name if isinstance(entry, CondaEntry) else entry.requirement.name
    held = locks[0].name if locks[0].exists() else "its lock"
    return Fix(f"pin {name} to '{given.text}', which {held} holds", (given,), "unsafe")


def _locks_of(path: str, config: Config) -> tuple[Path, ...]:
    """Return where the locks of a file would be; no folder is listed, as most files have none."""
    return _places(path, tuple(machine.name for machine in config.machines))


@lru_cache(maxsize=1)
def _places(path: str, machines: tuple[str, ...]) -> tuple[Path, ...]:
    file = Path(path)
    return (lock_path(file), *(machine_lock_path(file, name) for name in machines))


def _pins(locks: tuple[Path, ...]) -> Pins | None:
    found = []
    for lock in locks:
        try:
            status = lock.stat()
        except OSError:
            continue
        found.append((lock, status.st_mtime_ns, status.st_size))
    return _read(tuple(found)) if found else None


@lru_cache(maxsize=1)
def _read(locks: tuple[tuple[Path, int, int], ...]) -> Pins | None:
    """Read locks, anew where one has changed; None where one is not as we write it."""
    from conda_lockstep.errors import LockstepError
    from conda_lockstep.lock.cep37_canonical import parse_canonical
    from conda_lockstep.lock.pin import Pins
    from conda_lockstep.lock.text import read_text

    held: dict[str, PackageSet] = {}
    for path, *_ in locks:
        try:
            lock = parse_canonical(read_text(path))
        except LockstepError:
            return None
        if lock is None:
            return None
        held |= {f"{platform} in {path.name}": packages for platform, packages in lock.platforms.items()}
    return Pins(held)
