"""Finds environment files and locks below a folder."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import without_waiting
from conda_lockstep.text.resolve_path import resolve_path

_FILE = (
    r"(?!(?:.*/)?\.github/)(?:.*/)?"
    r"(?:(?:[^/]*[-_.])?(?:conda[-_]?)?env(?:ironment)?s?(?:[-_.][^/]*)?"
    r"|conda(?:[-_](?:dependencies|deps))?"
    r"|conda/env(?:ironment)?s/[^/]+)"
    r"(?<!lock)\.ya?ml"
)
FILES = f"(?i)^{_FILE}$"
"""Paths that environment files go by, with ``/``; locks do not. The hooks' ``files:`` is this very text."""
FILES_AND_LOCKS = rf"(?i)^(?:{_FILE}|.*conda-lock\.ya?ml)$"
"""The same, and the names of locks: what the hook of their family looks at."""
_KEYS = re.compile(rb"^(channels|dependencies)[ \t]*:", re.MULTILINE)
_SKIPPED = re.compile(r"(?:^|/)\.github/|lock\.ya?ml$")
_HEAD = 1 << 16

MAX_WALKED = 100_000
"""How many files are looked at below a folder that is not in a git repository."""
_NOT_WALKED = frozenset({"node_modules", "site-packages", "__pycache__", "__pypackages__"})
_ENVIRONMENT_MARKS = ("conda-meta", "pyvenv.cfg")


def environment_files(folder: Path) -> list[Path]:
    """Return the environment files below a folder, relative to it and sorted; see :func:`files_below`.

    A file counts by its content: top-level ``dependencies:`` and ``channels:``, or the first alone if its name says the
    rest.
    """
    names = files_below(folder, "*.yml", "*.yaml")
    return [Path(name) for name in names if may_be_environment(name) and _is_environment(folder, name)]


def may_be_environment(name: str) -> bool:
    """Return whether a file of this path is discovered, if its content is an environment's."""
    return name.endswith((".yml", ".yaml")) and not _SKIPPED.search(name)


def is_environment(name: str, content: bytes) -> bool:
    """Return whether a file counts as an environment file, by its path and content; see :func:`environment_files`."""
    head = content[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return re.match(FILES, name) is not None
    keys = {match.group(1) for match in _KEYS.finditer(head)}
    return b"dependencies" in keys and (b"channels" in keys or re.match(FILES, name) is not None)


def locks(folder: Path) -> list[Path]:
    """Return the locks below a folder, relative to it and sorted; see :func:`files_below`."""
    return [Path(name) for name in files_below(folder, "*conda-lock.yml", "*conda-lock.yaml")]


def files_below(folder: Path, *patterns: str) -> list[str]:
    """Return the files below a folder whose names match a pattern, or all, relative to it and sorted.

    In a git repository these are the files that git tracks or does not ignore. Elsewhere, and below a folder that git
    ignores as a whole, the folder is walked, except for hidden folders, environments, caches and installed packages.
    Raises ``LockstepError`` where git refuses the repository, and for a folder with more than :data:`MAX_WALKED` files.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    try:
        # Its messages are read, so they must be in English.
        done = subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError:  # git is not installed
        return _walked(folder, patterns)
    if done.returncode == 0:
        listed = {name.decode("utf-8", "surrogateescape") for name in done.stdout.split(b"\0") if name}
        return sorted(listed) if listed or not _is_ignored(folder) else _walked(folder, patterns)
    complaint = done.stderr.decode("utf-8", "replace")
    if "not a git repository" in complaint or "must be run in a work tree" in complaint:
        return _walked(folder, patterns)
    raise git_refusal(folder, complaint, "list the files")


def _is_ignored(folder: Path) -> bool:
    done = subprocess.run(
        ["git", "check-ignore", "--quiet", "."], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


def _walked(folder: Path, patterns: Sequence[str]) -> list[str]:
    found, seen = [], 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(here, name))
        seen += len(names)
        if seen > MAX_WALKED:
            what = f"contains more than {MAX_WALKED:,} files and is not a git repository"
            raise LockstepError(what, where=str(folder), remedy="pass the files to look at")
        chosen = (name for name in names if not patterns or any(fnmatchcase(name, each) for each in patterns))
        found += [os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/") for name in chosen]
    return sorted(found)


def _is_skipped(here: str, name: str) -> bool:
    if name in _NOT_WALKED or (name.startswith(".") and name != ".github"):
        return True
    inside = os.path.join(here, name)
    return any(os.path.lexists(os.path.join(inside, mark)) for mark in _ENVIRONMENT_MARKS)


def git_refusal(folder: Path, complaint: str, task: str) -> LockstepError:
    """Return the error for what git printed on standard error when it could not do a task."""
    where = str(resolve_path(folder))
    if "dubious ownership" in complaint:
        what = "git refuses this repository, because another user owns it"
        return LockstepError(
            what, where=where, remedy=f"run: git config --global --add safe.directory {where}"
        )
    reason = next((line for line in complaint.splitlines() if line.strip()), "no reason given")
    return LockstepError(f"git cannot {task}: {reason.removeprefix('fatal: ')}", where=where)


def _is_environment(folder: Path, name: str) -> bool:
    try:
        with open(folder / name, "rb", opener=without_waiting) as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return is_environment(name, head)
