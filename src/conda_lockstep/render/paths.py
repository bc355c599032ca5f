"""Paths as other programs look for them: from the root of the repository, divided by slashes."""

from __future__ import annotations

import os
from pathlib import Path


def repository_root(folder: Path) -> Path:
    """Return the closest folder at or above this one that holds ``.git``; the folder itself where none does."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return folder


def from_root(path: str, root: Path) -> str:
    """Return a path from the root; the absolute path where it lies elsewhere."""
    absolute = os.path.abspath(path)  # noqa: PTH100  (a link keeps its name: it is what git knows)
    relative = os.path.relpath(absolute, root)
    outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
    return Path(absolute if outside else relative).as_posix()
