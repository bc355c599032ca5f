"""One process at a time in a folder: a lock that the system takes back when its holder dies, however that is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def claimed(path: Path, folder: Path) -> Iterator[None]:
    """Hold the lock file ``path`` for a folder, waiting for who has it, and saying so; it is removed in the end.

    Raises ``OSError`` where it cannot be made.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = path.open("ab")
        except FileNotFoundError:  # who had it before us removed the folder just now
            continue
        with lock:
            _wait_for(lock, folder)
            if is_still(lock, path):
                try:
                    yield
                finally:
                    with suppress(OSError):
                        path.unlink()
                return


def is_still(file: BinaryIO, path: Path) -> bool:
    """Say whether an open file is the one that others see: whoever held it before us may have taken it away."""
    try:
        return os.fstat(file.fileno()).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def wait_for(file: BinaryIO) -> None:
    """Wait for the lock of an open file; a file system without locks (some that clusters share) is used without."""
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def share(file: BinaryIO) -> None:
    """Hold an open file together with others that do."""
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)


def is_alone(file: BinaryIO) -> bool:
    """Say whether nobody else shares a file; from now on nobody does."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _wait_for(lock: BinaryIO, folder: Path) -> None:
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                f"lockstep: {folder}: waiting for another process that is at work there",
                file=sys.stderr,
                flush=True,
            )
            wait_for(lock)
        except OSError:
            return
