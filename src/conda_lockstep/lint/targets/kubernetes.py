"""Tells Kubernetes' files whose containers install packages; it loads nothing of those that read them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from conda_lockstep.text.encoding import without_waiting

# Patterns are text: they are compiled when a file first needs them, and kept by ``re``.
_POD = rb"(?ms)^apiVersion[ \t]*:.*^kind[ \t]*:|^kind[ \t]*:.*^apiVersion[ \t]*:"
_INSTALLS = (
    rb"\b(?:conda|mamba|micromamba)['\"]?[\s,]+(?:-\S+\s+)*['\"]?(?:create|install|env|update)\b"
    rb"|\bpip3?['\"]?[\s,]+['\"]?install\b"
)
_HEAD = 1 << 16


def holds_pods(path: Path) -> bool:
    """Return whether a YAML file is one of Kubernetes whose containers install packages."""
    try:
        descriptor = without_waiting(str(path), os.O_RDONLY)
    except OSError:
        return False
    try:
        head = os.read(descriptor, _HEAD)  # at each file of each run, and a file object is not free
    except OSError:
        return False
    finally:
        os.close(descriptor)
    if b"apiVersion" not in head or re.search(_POD, head) is None:
        return False
    return re.search(_INSTALLS, head) is not None
