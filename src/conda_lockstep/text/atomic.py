"""Files that are whole or not there: written beside the target, then renamed over it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from conda_lockstep.errors import LockstepError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text as it is, line ends included; see :func:`write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, following a link and keeping the permissions of what it replaces.

    A device or a pipe, such as ``/dev/null``, is written into: it must not be replaced by a file. Raises
    ``LockstepError`` where the folder or the disk does not allow it; the old file is then untouched.
    """
    import tempfile  # costs as much as reading an environment file, and lint rarely writes

    target = Path(os.path.realpath(path))
    temporary = ""
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                stream.write(data)
            return
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~umask()
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except OSError as error:
        raise LockstepError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()


def umask() -> int:
    """Return which permissions new files do without."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
