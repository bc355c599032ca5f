"""The hash of a file, read in blocks."""

from __future__ import annotations

import hashlib
from pathlib import Path

BLOCK = 1 << 20


def digest_of(path: Path, kind: str = "sha256") -> str:
    """Return the hash of a file as hex. Raises ``OSError``."""
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
