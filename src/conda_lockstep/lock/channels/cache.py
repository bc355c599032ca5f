"""Where rattler keeps what it downloads."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_cache() -> Path:
    """Return the folder of rattler's caches, by ``RATTLER_CACHE_DIR`` first: py-rattler itself does not heed it."""
    if os.environ.get("RATTLER_CACHE_DIR"):
        return Path(os.environ["RATTLER_CACHE_DIR"]).absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(base)) / "rattler" / "cache"  # noqa: PTH111 - pathlib raises where there is no home
