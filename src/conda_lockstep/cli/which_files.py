"""Which environment files a command is for, in the same way for every command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from conda_lockstep.errors import LockstepError


def environment_files_for(named: Sequence[Path]) -> tuple[list[Path], list[LockstepError]]:
    """Return the environment files that paths on the command line mean, and what is wrong with the other paths.

    A folder means the files below it, a lock the environment file next to it; no path means the current folder. The
    setting ``exclude`` covers what is found, not what is named.
    """
    from conda_lockstep.environment.named_files import with_folders

    paths, failures = with_folders(named, found_below) if named else (found_below(Path()), [])
    files: dict[Path, None] = {}
    for path in paths:
        try:
            files[_environment_file(path)] = None
        except LockstepError as error:
            failures.append(error)
    return list(files), failures


def locked_files_for(named: Sequence[Path]) -> tuple[list[Path], list[LockstepError]]:
    """Return the same for a command that needs locks: of files that were found, not named, only those with a lock.

    Files without one are listed on standard error, unless no file has one: that is an error.
    """
    from conda_lockstep.lock.model.paths import locks_of

    files, failures = environment_files_for(named)
    if any(not path.is_dir() for path in named):
        return files, failures
    locks = locks_of(files)
    locked = [file for file in files if locks[file]]
    if not locked and not failures:
        failures.append(_nothing_locked(files))
    for file in files if locked else ():
        if not locks[file]:
            print(f"lockstep: {file}: has no lock, skipped", file=sys.stderr)
    return locked, failures


def _nothing_locked(files: Sequence[Path]) -> LockstepError:
    from conda_lockstep.lock.model.paths import lock_path

    if not files:
        return LockstepError("no environment files found", remedy="pass the files to look at")
    where = str(lock_path(files[0])) if len(files) == 1 else None
    return LockstepError(
        "no lock found", where=where, remedy=f"run: lockstep lock {' '.join(map(str, files))}"
    )


def found_below(folder: Path) -> list[Path]:
    """Return the environment files below a folder, relative to it, that the setting ``exclude`` does not cover."""
    from conda_lockstep.conda.trust import TRUSTED
    from conda_lockstep.environment.discover import environment_files
    from conda_lockstep.lint.engine.exclusion import not_excluded
    from conda_lockstep.settings import load

    return not_excluded(environment_files(folder), folder, load(Path.cwd(), TRUSTED))


def environment_files_among(named: Sequence[Path]) -> list[Path]:
    """Return the environment files among files that a hook was given; ``exclude`` covers them as it does found ones."""
    from conda_lockstep.conda.trust import TRUSTED
    from conda_lockstep.environment.discover import is_environment_file
    from conda_lockstep.lint.engine.exclusion import not_excluded
    from conda_lockstep.settings import load

    found = [path for path in named if is_environment_file(Path(), path.as_posix())]
    return not_excluded(found, Path(), load(Path.cwd(), TRUSTED)) if found else []


def for_each(files: Iterable[Path], failures: Sequence[LockstepError], run: Callable[[Path], int]) -> int:
    """Run a command on each file, also after one that fails; print the errors and return the highest exit status."""
    statuses = [0]
    for error in failures:
        complain(error)
        statuses.append(2)
    for file in files:
        try:
            statuses.append(run(file))
        except LockstepError as error:
            complain(error)
            statuses.append(2)
    return max(statuses)


def complain(error: LockstepError) -> None:
    """Print an error on standard error, as the command line does with one that ends a command."""
    for line in (*error.detail, f"lockstep: {error}"):
        print(line, file=sys.stderr)


def _environment_file(path: Path) -> Path:
    from conda_lockstep.lock.model.paths import environment_of, is_lock

    if not is_lock(path.name):
        return path
    file = environment_of(path)
    if file is None:
        what = "is a lock, and no environment file is next to it"
        raise LockstepError(what, where=str(path), remedy="pass an environment file")
    return file
