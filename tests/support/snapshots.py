"""Rendered output that was looked at, held as files; ``LOCKSTEP_ACCEPT=1`` writes them anew, to be looked at again."""

from __future__ import annotations

import os
from pathlib import Path


def assert_as_seen(text: str, path: Path) -> None:
    """Compare with a file."""
    if os.environ.get("LOCKSTEP_ACCEPT"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path} is missing: look at the output, and accept it with LOCKSTEP_ACCEPT=1"
    assert text == path.read_text(encoding="utf-8")
