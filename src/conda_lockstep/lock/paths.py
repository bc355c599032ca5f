"""Which file is the lock of which."""

from __future__ import annotations

from pathlib import Path

SUFFIX = "conda-lock.yml"


def lock_path(file: Path) -> Path:
    """Return the lock's path: ``conda-lock.yml`` for ``environment.yml``, ``NAME.conda-lock.yml`` for ``NAME.yml``."""
    return file.with_name(SUFFIX if file.stem == "environment" else f"{file.stem}.{SUFFIX}")
