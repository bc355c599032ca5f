"""Fixes that pin entries to the versions in a file's own locks, which are read without YAML or solver."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.lint.engine.registry import Fix
from conda_lockstep.lock.model.paths import lock_name, machine_lock_name

if TYPE_CHECKING:
    from conda_lockstep.lock.update.pin import Pins
    from conda_lockstep.packages import PackageSet


def locked_pin(entries: Entries, entry: CondaEntry, config: Config) -> Fix | None:
    """Return the fix that pins a conda entry to the locked version: the minor one, or as ``pin-precision`` requires."""
    found = _beside(entries, config.machines)
    if found is None:
        return None
    lock, pins = found
    precise = config.pin_precision.get(entry.spec.name) == "patch"
    given = pins.conda(entry, "patch" if precise else "minor")
    return _fix(lock, entry, given) if isinstance(given, Edit) else None


def locked_pip_pin(entries: Entries, entry: PipEntry, config: Config) -> Fix | None:
    """Return the fix that pins a pip entry to the locked version."""
    found = _beside(entries, config.machines)
    if found is None:
        return None
    lock, pins = found
    given = pins.pip(entry)
    return _fix(lock, entry, given) if isinstance(given, Edit) else None


def _fix(lock: str, entry: CondaEntry | PipEntry, given: Edit) -> Fix:
    name = entry.spec.name if isinstance(entry, CondaEntry) else entry.requirement.name
    return Fix(f"pin {name} to '{given.text}', as locked in {lock}", (given,), "unsafe")


@lru_cache(maxsize=1)
def _beside(entries: Entries, machines: tuple[DeclaredMachine, ...]) -> tuple[str, Pins] | None:
    """Return the name for a file's locks, and their pins; the folder is not listed, as most files have no lock."""
    folder, slash, name = entries.file.path.rpartition("/")
    found = []
    for lock in (lock_name(name), *(machine_lock_name(name, machine.name) for machine in machines)):
        try:
            status = os.stat(f"{folder}{slash}{lock}")
        except OSError:
            continue
        found.append((Path(f"{folder}{slash}{lock}"), status.st_mtime_ns, status.st_size))
    pins = _read(tuple(found)) if found else None
    if pins is None:
        return None
    first = found[0][0].name
    return first if first == lock_name(name) else "its lock", pins


@lru_cache(maxsize=1)
def _read(locks: tuple[tuple[Path, int, int], ...]) -> Pins | None:
    """Read locks, again where one has changed; None where one is not in our canonical form."""
    from conda_lockstep.errors import LockstepError
    from conda_lockstep.lock.formats.cep37_canonical import parse_canonical
    from conda_lockstep.lock.update.pin import Pins
    from conda_lockstep.text.bounded_text import read_text

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
