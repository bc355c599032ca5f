"""The folder that an environment is built in: what may be there before, and what a killed build leaves behind.

A prefix cannot be built elsewhere and moved, since its path is written into its files. So a build marks its prefix
before it touches it and takes the mark away last: a marked prefix is trusted by nothing. A new build starts it anew,
a sync mends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.folder_lock import claimed
from conda_lockstep.snapshot.unfinished import MARK, is_unfinished

LOCK = "conda-meta/.lockstep-lock"


class Work:
    """A prefix that is ours for the moment.

    ``had_remains`` says that an unfinished build was in it, ``is_new`` that nothing in it has to be kept.
    """

    def __init__(self, prefix: Path, *, had_remains: bool, is_new: bool) -> None:
        self.prefix = prefix
        self.had_remains = had_remains
        self.is_new = is_new

    def begin(self) -> None:
        """Mark the prefix as unfinished: from now on it is changed."""
        with _failing_as(self.prefix):
            _without_link(self.prefix / MARK).touch()

    def start_over(self) -> None:
        """Remove all that is in a new prefix."""
        _empty(self.prefix)


@contextmanager
def building(prefix: Path, *, mending: bool = False) -> Iterator[Work]:
    """Claim a prefix for the length of a build, waiting for another build that is at work there.

    What an unfinished build left is removed, unless it is for ``mending``. A new prefix whose build fails is removed;
    one that was there stays as it was, or marked once the build has begun to change it. Raises ``LockstepError`` where
    the folder is not for building in: a file, a folder of other things, a base environment.
    """
    with _claimed(prefix) as is_new:
        had_remains = is_unfinished(prefix)
        work = Work(prefix, had_remains=had_remains, is_new=is_new or (had_remains and not mending))
        if work.is_new:
            work.begin()
            _empty(prefix)
        try:
            yield work
        except BaseException:
            if work.is_new:
                import shutil

                shutil.rmtree(prefix, ignore_errors=True)
            raise
        with _failing_as(prefix):
            (prefix / MARK).unlink(missing_ok=True)


def _refuse_others(prefix: Path) -> None:
    """Raise where the folder is not ours to build in."""
    with _failing_as(prefix):
        if not prefix.exists():
            return
        if not prefix.is_dir():
            raise LockstepError("is a file, not a folder", where=str(prefix), remedy="name another prefix")
        if (prefix / "condabin").is_dir() or (prefix / "pkgs").is_dir():
            what = "is a base environment, which conda itself lives in"
            raise LockstepError(what, where=str(prefix), remedy="name another prefix")
        meta = prefix / "conda-meta"
        if meta.is_symlink():
            what = f"is a link to {meta.readlink()}, and the records of the packages would be written there"
            raise LockstepError(what, where=str(meta), remedy="remove the link, or build in another prefix")
        has_content = any(prefix.iterdir())
    if has_content and not (prefix / "conda-meta").is_dir():
        what = "is a folder of other things, not an environment"
        raise LockstepError(what, where=str(prefix), remedy="name a new or empty folder")


@contextmanager
def _claimed(prefix: Path) -> Iterator[bool]:
    """Hold the lock of a prefix; say whether nothing else is there."""
    _refuse_others(prefix)
    with ExitStack() as stack:
        with _failing_as(prefix):
            stack.enter_context(claimed(_without_link(prefix / LOCK), prefix))
        yield not any(_others(prefix))


def _without_link(path: Path) -> Path:
    """Return a path of our own, after a link in its place was removed."""
    if path.is_symlink():
        path.unlink()
    return path


def _others(prefix: Path) -> Iterator[Path]:
    """Yield what is in a prefix besides our lock."""
    for entry in prefix.rglob("*"):
        if entry != prefix / LOCK and entry != (prefix / LOCK).parent:
            yield entry


def _empty(prefix: Path) -> None:
    """Remove all but the mark and the lock."""
    kept = {Path(MARK).name, Path(LOCK).name}
    with _failing_as(prefix):
        for entry in prefix.iterdir():
            if entry.name == "conda-meta":
                for record in entry.iterdir():
                    if record.name not in kept:
                        _remove(record)
            else:
                _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        import shutil

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
