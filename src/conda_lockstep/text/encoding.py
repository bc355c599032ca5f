"""From files to text: of bounded size, in UTF-8; what is neither is refused with its place."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source, UnreadableFileError

MAX_BYTES = 1 << 20
"""Larger files are refused: the largest environment file that we know of has 60 kB."""
_USUAL = 1 << 15
"""What is asked for first: to make room for the largest file takes longer than to read a usual one."""

_UTF16 = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}


def read_bytes(path: Path, shown: str) -> bytes:
    """Read a file of at most :data:`MAX_BYTES`; raises ``LockstepError`` where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(_USUAL)
            if len(data) == _USUAL:
                data += file.read(MAX_BYTES + 1 - _USUAL)
    except FileNotFoundError:
        raise LockstepError("no such file", where=shown, remedy="check the path") from None
    except IsADirectoryError:
        remedy = "name an environment file"
        raise LockstepError("is a folder, not a file", where=shown, remedy=remedy) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockstepError(f"cannot be read: {reason}", where=shown, remedy="check the path") from None
    return bounded(data, shown)


def bounded(data: bytes, shown: str) -> bytes:
    """Return the content of a file; raises :class:`UnreadableFileError` above :data:`MAX_BYTES`."""
    if len(data) > MAX_BYTES:
        what = f"larger than {MAX_BYTES >> 20} MiB: no environment file"
        raise UnreadableFileError(what, Source.of(shown, ""), 0, remedy="name the right file")
    return data


def decode(data: bytes, path: str) -> str:
    """Decode the bytes of a file as UTF-8; the error says which other encoding it seems to be."""
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
    """Name the kind of UTF-16 by its mark or, in a text that begins with ASCII, by where its zeros are."""
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
