"""Leaves out the files that the setting ``exclude`` covers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.lint.engine.selection import matches


def not_excluded(found: Iterable[Path], folder: Path, config: Config) -> list[Path]:
    """Return the files, each relative to ``folder``, that no glob of ``exclude`` matches.

    Files that a user specifies by name do not pass through here: they are always looked at.
    """
    if not config.exclude:
        return list(found)
    root = config.root or Path.cwd()
    return [
        path
        for path in found
        if not _matches_any(os.path.relpath(folder / path, root).replace(os.sep, "/"), config.exclude)
    ]


def _matches_any(relative: str, globs: Iterable[str]) -> bool:
    return any(matches(relative, glob) for glob in globs)
