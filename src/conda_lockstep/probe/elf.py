"""Reads the dynamic section of an ELF file: what a shared library needs (System V ABI, chapter 5)."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

_MAGIC = b"\x7fELF"
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRINGS, _SONAME, _RPATH, _RUNPATH = 1, 5, 14, 15, 29


class NotElfError(Exception):
    """A file is not an ELF file, or is damaged; the message says which."""


@dataclass(frozen=True, slots=True)
class Elf:
    """The loader's view of a library: the names it needs, its own, and the search paths, ``$ORIGIN`` as written.

    ``machine`` is the ELF number of the architecture, 62 for x86-64 and 183 for AArch64.
    """

    machine: int
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


def read(path: str) -> Elf:
    """Read a 64-bit little-endian file, as on all GPU machines. Raises ``NotElfError`` and ``OSError``."""
    with open(path, "rb") as file:
        head = file.read(64)
        if not head:
            raise NotElfError("is empty")
        if head[:4] != _MAGIC:
            raise NotElfError("is not an ELF file")
        if head[4:6] != b"\x02\x01":
            raise NotElfError("is an ELF file with another word size or byte order")
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(data)
        except (struct.error, ValueError, IndexError, OverflowError, StopIteration):
            raise NotElfError("is a damaged ELF file") from None


def _parse(data: mmap.mmap) -> Elf:
    machine = struct.unpack_from("<H", data, 18)[0]
    table, size, count = (
        struct.unpack_from("<Q", data, 32)[0],
        *struct.unpack_from("<HH", data, 54),
    )
    segments = [struct.unpack_from("<IIQQQQ", data, table + index * size) for index in range(count)]
    loads = [(address, offset, length) for kind, _, offset, address, _, length in segments if kind == _LOAD]
    dynamic = next(((offset, length) for kind, _, offset, _, _, length in segments if kind == _DYNAMIC), None)
    if dynamic is None:
        return Elf(machine)
    tags = [struct.unpack_from("<qQ", data, dynamic[0] + index * 16) for index in range(dynamic[1] // 16)]
    ends = next((index for index, (tag, _) in enumerate(tags) if tag == 0), len(tags))
    strings = next(value for tag, value in tags[:ends] if tag == _STRINGS)
    base = next(
        offset + strings - address for address, offset, size in loads if address <= strings < address + size
    )

    def texts(wanted: int) -> list[str]:
        places = [base + value for tag, value in tags[:ends] if tag == wanted]
        return [data[place : data.find(b"\0", place)].decode("utf-8", "replace") for place in places]

    def folders(wanted: int) -> tuple[str, ...]:
        return tuple(folder for text in texts(wanted) for folder in text.split(":") if folder)

    return Elf(
        machine,
        soname=(texts(_SONAME) or [""])[0],
        needed=tuple(texts(_NEEDED)),
        rpath=folders(_RPATH),
        runpath=folders(_RUNPATH),
    )
