"""Reads a lock of any format, told by its content."""

from __future__ import annotations

import re
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import lock_path

_PIXI_LINES = ("environments:", "packages:", "version: 2\n", "version: 3\n")
_MARKER = re.compile(r"^@EXPLICIT\s*$", re.MULTILINE)


def parse(text: str, shown_as: str, environment: str = "default") -> Lock | None:
    """Read the text of a lock; ``environment`` chooses within a pixi.lock. None for what is no lock of a known format.

    Raises ``LockstepError`` with the place of what is wrong in one.
    """
    if "@EXPLICIT" in text and _MARKER.search(text):
        from conda_lockstep.lock.formats import explicit

        return explicit.parse(text, shown_as)
    is_locked = _has_line(text, "package:")
    is_pixi = any(_has_line(text, start) for start in _PIXI_LINES)
    if is_pixi or (is_locked and Path(shown_as).name == "pixi.lock"):
        from conda_lockstep.lock.formats import pixi

        return pixi.parse(text, shown_as, environment)
    if is_locked:
        from conda_lockstep.lock.formats import cep37

        return cep37.parse(text, shown_as)
    return None


def _has_line(text: str, start: str) -> bool:
    """Return whether a line starts with a text; a regular expression takes as long as reading the lock."""
    return text.startswith(start) or f"\n{start}" in text


def read(path: Path, environment: str = "default") -> Lock:
    """Read the file of a lock; see :func:`parse`. Raises ``LockstepError`` for what is none."""
    from conda_lockstep.text.bounded_text import read_text

    lock = parse(read_text(path), str(path), environment)
    if lock is None:
        own = lock_path(path)
        remedy = (
            f"its lock is {own}"
            if own.exists()
            else "name a conda-lock.yml, an @EXPLICIT file or a pixi.lock"
        )
        raise LockstepError("is no lock", where=str(path), remedy=remedy)
    return lock
