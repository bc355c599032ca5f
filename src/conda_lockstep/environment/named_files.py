"""What people name on a command line: files, folders, and ``-`` for what is piped in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import MAX_BYTES, bounded, decode

STDIN = Path("-")


def with_folders(
    paths: Iterable[Path], find: Callable[[Path], Sequence[Path]]
) -> tuple[list[Path], list[LockstepError]]:
    """Return the files among some paths, and the files that ``find`` returns for each folder among them, each once.

    The errors are those of folders without such files.
    """
    found: dict[Path, None] = {}
    failures = []
    for path in paths:
        if not path.is_dir() or path.suffix in (".yml", ".yaml"):
            found[path] = None  # reading it says that it is a folder
            continue
        try:
            below = find(path)
        except LockstepError as error:
            failures.append(error)
            continue
        found |= dict.fromkeys(path / name for name in below)
        if not below:
            what, remedy = "no such files found below this folder", "pass the files to look at"
            failures.append(LockstepError(what, where=str(path), remedy=remedy))
    return list(found), failures


def read_stdin(paths: Sequence[Path], shown: str) -> str:
    """Read the text that is piped in, as that of a file is read; ``paths`` are all that were named.

    Raises :class:`UnreadableFileError`, and ``LockstepError`` where others are named beside :data:`STDIN`.
    """
    if len(paths) > 1:
        raise LockstepError("'-' stands for what is piped in, and stands alone", remedy="name it, or files")
    return decode(bounded(sys.stdin.buffer.read(MAX_BYTES + 1), shown), shown)
