"""The environment files that the Action checks, none of them outside the checkout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from conda_lockstep.environment.discover import environment_files, is_environment, may_be_environment
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.selection import matches
from conda_lockstep.lock.model.paths import is_lock
from conda_lockstep.text.resolve_path import resolve_path


def select_files(
    workspace: Path, patterns: Sequence[str], below: Path = Path()
) -> tuple[list[Path], list[str]]:
    """Return the files, relative to the workspace and in order, and a line for each that is refused.

    Without patterns, these are all environment files below the folder ``below`` of the checkout; patterns are relative
    to it. A link that leads outside the checkout is refused: a pull request could make the runner read and quote any
    file of its machine.
    """
    found: list[Path] = []
    refused: list[str] = []
    if not patterns:
        found = [below / path for path in environment_files(workspace / below)]
    for pattern in patterns:
        matches = _matches(workspace, pattern, below)
        if not matches:
            refused.append(str(LockstepError("no file matches this pattern", where=pattern)))
        found += [path for path in matches if path not in found]
    kept: list[Path] = []
    for path in found:
        if is_inside(workspace, path):
            kept.append(path)
        else:
            what = "is a link that leads outside the checkout"
            refused.append(str(LockstepError(what, where=path.as_posix())))
    return kept, refused


def is_selected(path: str, content: Callable[[], bytes | None], patterns: Sequence[str], below: Path) -> bool:
    """Return whether a file of a commit is one that :func:`select_files` would return, by its path and content.

    The content is read only if the path does not decide.
    """
    pure = PurePosixPath(path)
    if not pure.is_relative_to(below.as_posix()):
        return False
    name = pure.relative_to(below.as_posix()).as_posix()
    if patterns:
        return not is_lock(name) and any(_means(pattern, name) for pattern in patterns)
    return may_be_environment(name) and is_environment(name, content() or b"")


def _means(pattern: str, name: str) -> bool:
    """Return whether a pattern of the input 'files' matches a path, as ``Path.glob`` does."""
    normal = PurePosixPath(pattern).as_posix()
    return ("/" in normal or "/" not in name) and matches(name, normal)


def _matches(workspace: Path, pattern: str, below: Path) -> list[Path]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise LockstepError(
            "is outside the repository",
            where=pattern,
            remedy="write 'files' relative to the root of the repository, or to 'working-directory'",
        )
    found = (path.relative_to(workspace) for path in (workspace / below).glob(pattern) if path.is_file())
    return sorted(path for path in found if not is_lock(path.name))


def is_inside(workspace: Path, path: Path) -> bool:
    """Return whether a path, with its links followed, is in the checkout and not in git's own folder."""
    root = resolve_path(workspace)
    target = resolve_path(workspace / path)
    return target.is_relative_to(root) and ".git" not in target.relative_to(root).parts
