"""Names of Python projects, as PEP 503 compares them."""

from __future__ import annotations

import re


def normalize(name: str) -> str:
    """Return a project's name in lower case, with one ``-`` for each run of ``-``, ``_`` and ``.``."""
    name = name.lower().replace("_", "-").replace(".", "-")
    return re.sub("-+", "-", name) if "--" in name else name
