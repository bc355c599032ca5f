"""The environment files that the Action checks, none of them outside the checkout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from conda_lockstep.environment.discover import environment_files
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.resolve_path import resolve_path


def select_files(workspace: Path, patterns: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the files, relative to the workspace and in order, and a line for each that is refused.

    Without patterns, these are all environment files of the repository. A link that leads outside the checkout is
    refused: a pull request could make the runner read and quote any file of its machine.
    """
    found: list[Path] = []
    refused: list[str] = []
    if not patterns:
        found = environment_files(workspace)
    for pattern in patterns:
        matches = _matches(workspace, pattern)
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


def _matches(workspace: Path, pattern: str) -> list[Path]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise LockstepError(
            "is outside the repository",
            where=pattern,
            remedy="write 'files' relative to the repository's root",
        )
    found = (path.relative_to(workspace) for path in workspace.glob(pattern) if path.is_file())
    return sorted(path for path in found if not path.name.endswith(("conda-lock.yml", "conda-lock.yaml")))


def is_inside(workspace: Path, path: Path) -> bool:
    """Return whether a path, with its links followed, is in the checkout and not in git's own folder."""
    root = resolve_path(workspace)
    target = resolve_path(workspace / path)
    return target.is_relative_to(root) and ".git" not in target.relative_to(root).parts
