"""Paths of files in packages, relative to the prefix that they are installed into (CEP 34, PEP 427)."""

from __future__ import annotations

import re

_DRIVE = re.compile(r"[A-Za-z]:")


def is_inside(path: str) -> bool:
    """Say whether a path stays in the prefix on every system: relative, without ``..``, drive or NUL."""
    parts = path.replace("\\", "/").split("/")
    return bool(path) and parts[0] != "" and ".." not in parts and "\0" not in path and not _DRIVE.match(path)
