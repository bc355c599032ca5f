"""Finds the settings of a folder: ``[tool.lockstep]`` of a ``pyproject.toml``, or a ``lockstep.toml``."""

from __future__ import annotations

import os
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.config import FILE_NAME, PYPROJECT, Config
from conda_lockstep.text.encoding import read_bytes


def load(start: Path, trust: Trust) -> Config:
    """Return the settings nearest to a folder: its own, or those of the closest folder above it.

    ``trust`` is how far they, and the files that they are for, are trusted; it is kept with them.

    Raises ``LockstepError`` for a file that cannot be read, an unknown key or a value that the key does not accept.
    """
    for folder in (start, *start.parents):
        own, project = folder / FILE_NAME, folder / PYPROJECT
        for path in (own, project):
            if path.is_file() or (path is own and os.path.lexists(path)):
                content = _content(path)
                if path is own or b"lockstep" in content:
                    # Most repositories have no settings, and a lint of one file should not pay for their reader.
                    from conda_lockstep.settings_reader import read

                    config = read(content, path)
                    if config is not None:
                        return config._replace(trust=trust)
    return Config(trust=trust)


def _content(path: Path) -> bytes:
    return read_bytes(path, str(path))
