"""The folder that an environment is built in: what may be there before, and what a killed build leaves behind.

A prefix cannot be built elsewhere and moved, since its path is written into its files. So a build marks its prefix
first and takes the mark away last: a marked prefix is never trusted, and the next build starts it anew.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conda_lockstep.errors import LockstepError

MARK = "conda-meta/.lockstep-unfinished"


def is_unfinished(prefix: Path) -> bool:
    """Say whether a build into a prefix was begun and not ended."""
    return (prefix / MARK).exists()


@contextmanager
def building(prefix: Path) -> Iterator[bool]:
    """Claim a prefix for the length of a build, and say whether an unfinished build was removed from it.

    A new prefix whose build fails is removed. Raises ``LockstepError`` where the folder is not for building in:
    a file, a folder of other things, a base environment, one that another build is at work in.
    """
    is_new = _refuse_others(prefix)
    with _failing_as(prefix):
        (prefix / MARK).parent.mkdir(parents=True, exist_ok=True)
        had_mark = is_unfinished(prefix)
        mark = (prefix / MARK).open("a")
    with mark:
        _claim(mark.fileno(), prefix)
        if had_mark:
            _empty(prefix)
        try:
            yield had_mark
        except BaseException:
            if is_new or had_mark:
                shutil.rmtree(prefix, ignore_errors=True)
            raise
        with _failing_as(prefix):
            (prefix / MARK).unlink()


def _refuse_others(prefix: Path) -> bool:
    """Raise where the folder is not ours to build in; return whether nothing is there yet."""
    with _failing_as(prefix):
        if not prefix.exists():
            return True
        if not prefix.is_dir():
            raise LockstepError("is a file, not a folder", where=str(prefix), remedy="name another prefix")
        if (prefix / "condabin").is_dir() or (prefix / "pkgs").is_dir():
            remedy = "name another prefix"
            raise LockstepError(
                "is a base environment, which conda itself lives in", where=str(prefix), remedy=remedy
            )
        has_content = any(prefix.iterdir())
    if has_content and not (prefix / "conda-meta").is_dir():
        raise LockstepError(
            "is a folder of other things, not an environment",
            where=str(prefix),
            remedy="name a new or empty folder",
        )
    return not has_content


def _claim(handle: int, prefix: Path) -> None:
    """Lock the mark, which the system undoes when the build ends, however it ends."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        what = "another build is at work there"
        raise LockstepError(what, where=str(prefix), remedy="wait for it, or name another prefix") from None


def _empty(prefix: Path) -> None:
    """Remove all but the mark."""
    with _failing_as(prefix):
        for entry in prefix.iterdir():
            if entry.name == "conda-meta":
                for record in entry.iterdir():
                    if record.name != Path(MARK).name:
                        _remove(record)
            else:
                _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def _failing_as(prefix: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"cannot be built in: {error.strerror}"
        raise LockstepError(what, where=str(error.filename or prefix), remedy="name another prefix") from None
