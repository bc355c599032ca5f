"""Reads files as text, with a bound on their size; a file that is not UTF-8 is refused with the place."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source, UnreadableFileError

MAX_BYTES = 1 << 20
"""Larger files are refused: the largest environment file that we know of has 60 kB."""
_USUAL = 1 << 15
"""The size of the first read: to allocate the largest size takes longer than to read a usual file."""

_UTF16 = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}


def read_bytes(path: Path, shown: str, limit: int = MAX_BYTES) -> bytes:
    """Read a file of at most ``limit`` bytes; raises ``LockstepError`` if it does not exist or cannot be read."""
    try:
        with open(path, "rb", opener=without_waiting) as file:
            data = file.read(_USUAL)
            if len(data) == _USUAL:
                data += file.read(limit + 1 - _USUAL)
    except FileNotFoundError:
        raise LockstepError("no such file", where=shown, remedy="check the path") from None
    except IsADirectoryError:
        raise LockstepError("is a folder, not a file", where=shown, remedy="pass a file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockstepError(f"cannot be read: {reason}", where=shown, remedy="check the path") from None
    return bounded(data, shown, limit)


def without_waiting(path: str, flags: int) -> int:
    """Open a file descriptor; the ``opener`` of :func:`open`. Raises ``OSError`` for a named pipe, which has no end.

    What a shell hands over as a file, such as ``/dev/fd/63`` for ``<(command)``, is a pipe that is read to its end.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISFIFO(os.fstat(handle).st_mode):
        if not os.path.realpath(path).startswith(("/proc/", "/dev/")):
            os.close(handle)
            raise OSError(0, "it is a named pipe, not a file", path)
        os.set_blocking(handle, True)
    return handle


def bounded(data: bytes, shown: str, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a file; raises :class:`UnreadableFileError` if it exceeds the limit."""
    if len(data) > limit:
        what = f"larger than {limit >> 20} MiB"
        raise UnreadableFileError(what, Source.of(shown, ""), 0, remedy="pass the right file")
    return data


def decode(data: bytes, path: str) -> str:
    """Decode the bytes of a file as UTF-8; the error names the other encoding that it seems to be."""
    encoding = _utf16(data)
    if encoding:
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            text = "\0"
        recoded = None if "\0" in text else text
        what = f"the file is {_UTF16[encoding]}, not UTF-8"
        remedy = "save it as UTF-8 (PowerShell: -Encoding utf8)"
        raise UnreadableFileError(what, Source.of(path, ""), 0, remedy=remedy, recoded=recoded)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        source = Source.of(path, data[: error.start].decode("utf-8"))
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise UnreadableFileError(what, source, len(source.text), remedy="save the file as UTF-8") from None


def _utf16(data: bytes) -> str:
    """Return the kind of UTF-16 by its byte order mark or, for ASCII text, by the position of the zeros."""
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return name
    head = data[:64]
    if len(head) >= 4 and 0 in head:
        if not any(head[1::2]):
            return "utf-16-le"
        if not any(head[0::2]):
            return "utf-16-be"
    return ""
