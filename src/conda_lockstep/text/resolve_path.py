"""Where a path leads, and how it is written into files."""

from __future__ import annotations

import os
from pathlib import Path


def resolve_path(path: Path) -> Path:
    """Return an absolute path with its links followed, as far as there are any; it need not exist.

    ``Path.resolve`` raises ``RuntimeError`` for a link that leads to itself, before Python 3.13: whoever reads such a
    file says what is wrong with it.
    """
    return Path(os.path.realpath(path))


def absolute_path(path: Path) -> Path:
    """Return a path to write into files: absolute, ``~`` expanded, without ``..``; links stay, since a user chose them.

    Only what is before a ``..`` has its links followed, as the system does.
    """
    path = path.expanduser().absolute()
    while ".." in path.parts:
        at = path.parts.index("..")
        path = Path(os.path.realpath(Path(*path.parts[: at + 1])), *path.parts[at + 1 :])
    return path
