"""Reads the text of a file that somebody else may have written: bounded, UTF-8, one clear error."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.errors import LockstepError

MAX_BYTES = 64 << 20
"""Larger files are refused: the largest lock that we know of has 4 MB."""


def read_text(path: Path, *, as_written: bool = False) -> str:
    """Return the text of a file, without a byte order mark and with LF as line end; or just ``as_written``.

    Raises ``LockstepError`` for what is absent, unreadable, too large or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise LockstepError("no such file", where=str(path)) from None
    except OSError as error:
        raise LockstepError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > MAX_BYTES:
        raise LockstepError(f"larger than {MAX_BYTES >> 20} MiB, no lock is that large", where=str(path))
    try:
        text = data.decode("utf-8" if as_written else "utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise LockstepError(what, where=str(path), remedy="save it as UTF-8") from None
    return text if as_written else text.replace("\r\n", "\n")
