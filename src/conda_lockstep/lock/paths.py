"""Which file is the lock of which: by their names, side by side in one folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SUFFIX = "conda-lock.yml"
_SUFFIXES = (SUFFIX, "conda-lock.yaml")


def lock_path(file: Path) -> Path:
    """Return the lock's path: ``conda-lock.yml`` for ``environment.yml``, ``NAME.conda-lock.yml`` for ``NAME.yml``."""
    return file.parent / (SUFFIX if file.stem == "environment" else f"{file.stem}.{SUFFIX}")


def machine_lock_path(file: Path, machine: str) -> Path:
    """Return the path of the lock for one machine: ``NAME.MACHINE.conda-lock.yml``; of the one for all where empty."""
    return file.parent / f"{file.stem}.{machine}.{SUFFIX}" if machine else lock_path(file)


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
    files = tuple(files)
    # A folder is listed once, however many of the files are in it.
    beside = {folder: _locks_in(folder) for folder in {file.parent for file in files}}
    found = {}
    for file in files:
        own = lock_path(file)
        mine = [lock for lock in beside[file.parent] if lock == own or environment_of(lock) == file]
        found[file] = tuple(sorted(mine, key=lambda lock: (lock != own, lock)))
    return found


def _locks_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if is_lock(path.name)]
    except OSError:
        return []
