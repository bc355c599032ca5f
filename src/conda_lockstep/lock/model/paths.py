"""Which file is the lock of which: by their names, side by side in one folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

DEFAULT_FILE = Path("environment.yml")
"""The environment file that is meant where none is named."""
SUFFIX = "conda-lock.yml"
_SUFFIXES = (SUFFIX, "conda-lock.yaml")


def lock_path(file: Path) -> Path:
    """Return the lock's path: ``conda-lock.yml`` for ``environment.yml``, ``NAME.conda-lock.yml`` for ``NAME.yml``."""
    return file.parent / lock_name(file.name)


def lock_name(name: str) -> str:
    """Return the name of the lock of an environment file of this name, in the same folder."""
    stem = _stem(name)
    return SUFFIX if stem == "environment" else f"{stem}.{SUFFIX}"


def machine_lock_path(file: Path, machine: str) -> Path:
    """Return the path of the lock for one machine: ``NAME.MACHINE.conda-lock.yml``; of the one for all where empty."""
    return file.parent / machine_lock_name(file.name, machine)


def machine_lock_name(name: str, machine: str) -> str:
    """Return the name of the lock for one machine, of an environment file of this name."""
    return f"{_stem(name)}.{machine}.{SUFFIX}" if machine else lock_name(name)


def is_lock(path: str) -> bool:
    """Say whether a path is a lock's by its name; conda-lock's own spellings, such as ``gpu-conda-lock.yml``, are."""
    return path.endswith(_SUFFIXES)


def environment_of(lock: Path) -> Path | None:
    """Return the environment file that a lock lies beside; None where there is none.

    ``gpu.a100.conda-lock.yml`` is the lock of ``gpu.a100.yml`` where there is one, else of ``gpu.yml``, for the machine
    ``a100``.
    """
    stem = lock.name[: lock.name.rfind("conda-lock")].removesuffix(".")
    while True:
        for suffix in (".yml", ".yaml"):
            file = lock.with_name(f"{stem or 'environment'}{suffix}")
            if file.is_file():
                return file
        if "." not in stem:
            return None
        stem = stem.rpartition(".")[0]


def locks_of(files: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
    """Return the locks that lie beside each environment file: first the one for all machines, then those for one."""
    # A folder is listed once, however many of the files are in it.
    beside: dict[Path, list[Path]] = {}
    found: dict[Path, tuple[Path, ...]] = {}
    for file in files:
        folder = file.parent
        if folder not in beside:
            beside[folder] = _locks_in(folder)
        found[file] = _of_file(file, beside[folder]) if beside[folder] else ()
    return found


def _of_file(file: Path, locks: list[Path]) -> tuple[Path, ...]:
    own = lock_path(file)
    mine = [lock for lock in locks if lock == own or environment_of(lock) == file]
    return tuple(sorted(mine, key=lambda lock: (lock != own, lock)))


def _locks_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if is_lock(path.name)]
    except OSError:
        return []


def _stem(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix else name
