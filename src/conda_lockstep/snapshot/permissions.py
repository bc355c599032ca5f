"""Permission bits that keep a job from a prefix's files, or that no installer sets. Standard library only.

Records do not have the bits that a package's files had. So a program must be executable, code and folders must be open
to all whom the prefix itself is open to, and no file may be set-user-ID or set-group-ID.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from conda_lockstep.snapshot.no_wait import no_wait

_EXECUTABLE = 0o111
_PROGRAM_FOLDERS = ("bin/", "Scripts/")
_CODE = (".py", ".so", ".pyd", ".dll", ".pth")
_MAGIC = (b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


class WrongMode(NamedTuple):
    """A file or folder by its path in the prefix, the bits it should have, and what is wrong with those it has."""

    path: str
    right: int
    why: str


def wrong_modes(root: str, modes: Mapping[str, int], claimed: Container[str]) -> Iterator[WrongMode]:
    """Yield what has wrong permission bits; ``modes`` are of files and folders, ``claimed`` are packages' files."""
    if os.name == "nt":
        return
    of_prefix = stat.S_IMODE(os.stat(root).st_mode)
    for path, mode in modes.items():
        if stat.S_ISDIR(mode):
            yield from _of_folder(path, stat.S_IMODE(mode), of_prefix)
        elif stat.S_ISREG(mode) and path in claimed:
            yield from _of_file(root, path, stat.S_IMODE(mode), of_prefix)


def _of_folder(path: str, mode: int, of_prefix: int) -> Iterator[WrongMode]:
    missing = of_prefix & 0o055 & ~mode
    if missing:
        why = f"is closed to others (mode {mode:04o}), the prefix is open to them (mode {of_prefix:04o})"
        yield WrongMode(path, mode | missing, why)


def _of_file(root: str, path: str, mode: int, of_prefix: int) -> Iterator[WrongMode]:
    missing = of_prefix & 0o044 & ~mode if _is_code(path) else 0
    if mode & (stat.S_ISUID | stat.S_ISGID):
        bit = "set-user-ID" if mode & stat.S_ISUID else "set-group-ID"
        yield WrongMode(path, mode & 0o777 | missing, f"is {bit} (mode {mode:04o})")
    elif path.startswith(_PROGRAM_FOLDERS) and not mode & _EXECUTABLE and _is_program(f"{root}/{path}"):
        yield WrongMode(
            path, mode | missing | 0o100 | (of_prefix & 0o011), f"is not executable (mode {mode:04o})"
        )
    elif missing:
        yield WrongMode(path, mode | missing, f"is not readable by others (mode {mode:04o})")


def _is_code(path: str) -> bool:
    return path.endswith(_CODE) or ".so." in path or path.startswith(_PROGRAM_FOLDERS)


def _is_program(path: str) -> bool:
    try:
        with open(path, "rb", opener=no_wait) as file:
            return file.read(4).startswith(_MAGIC)
    except OSError:
        return False
