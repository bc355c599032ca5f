"""Where a path leads."""

from __future__ import annotations

import os
from pathlib import Path


def resolve_path(path: Path) -> Path:
    """Return an absolute path with its links followed, as far as there are any; it need not exist.

    ``Path.resolve`` raises ``RuntimeError`` for a link that leads to itself, before Python 3.13: whoever reads such a
    file says what is wrong with it.
    """
    return Path(os.path.realpath(path))
