"""Reads the text of a lock, a report or another file beside the linted one; any error is one line."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import decode, read_bytes
from conda_lockstep.text.source import UnreadableFileError

MAX_BYTES = 64 << 20
"""Larger files are refused: the largest lock that we know of has 4 MB."""


def read_text(path: Path, *, as_written: bool = False) -> str:
    """Return the text of a file without a byte order mark and with LF as line end, or ``as_written``.

    Raises ``LockstepError`` for a file that does not exist, cannot be read, is too large or is not UTF-8.
    """
    try:
        data = read_bytes(path, str(path), MAX_BYTES)
    except UnreadableFileError as error:
        raise _plain(error) from None
    return text_of(data, str(path), as_written=as_written)


def text_of(data: bytes, shown: str, *, as_written: bool = False) -> str:
    """Return the text of a file's content; see :func:`read_text`."""
    try:
        text = decode(data, shown)
    except UnreadableFileError as error:
        raise _plain(error) from None
    return text if as_written else text.removeprefix("\ufeff").replace("\r\n", "\n")


def _plain(error: UnreadableFileError) -> LockstepError:
    """Return the error without what makes it a finding of the linter, which looks at another file."""
    return LockstepError(error.what, where=error.where, remedy=error.remedy)
