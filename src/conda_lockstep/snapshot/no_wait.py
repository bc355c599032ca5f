"""Opens files without waiting: a pipe in the place of a file reads as empty, where ``open`` waits for a writer."""

from __future__ import annotations

import os

NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def no_wait(path: str, flags: int) -> int:
    """Open a file descriptor; the ``opener`` of :func:`open`."""
    return os.open(path, flags | NO_WAIT)
