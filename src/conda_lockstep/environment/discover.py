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

FILES = (
    r"(?i)^(?!(?:.*/)?\.github/workflows/)(?:.*/)?"
    r"(?:(?:[^/]*[-_.])?(?:conda[-_]?)?env(?:ironment)?s?(?:[-_.][^/]*)?"
    r"|conda(?:[-_](?:dependencies|deps))?"
    r"|conda/env(?:ironment)?s/[^/]+)"
    r"(?<!lock)\.ya?ml$"
)
"""Paths that environment files go by, with ``/``; locks do not."""
YAML_FILES = r"(?i)\.ya?ml$"
"""What the hooks are given: which of these are environment files is told by what they hold."""
_FOLDERS = re.compile(r"(?i)(?:^|/)[^/]*(?:env(?:ironment)?s?|conda)/")
_PLAIN_NAME = re.compile(
    r"(?i)^(?!(?:.*/)?templates/).*?(?:^|/)(?:conda[-_]?)?environment(?:[-_.][^/]*)?\.ya?ml$"
)
"""A name that only environment files have, outside of the templates of a Helm chart."""
_KEYS = re.compile(rb"^(?:'([\w-]+)'|\"([\w-]+)\"|([\w-]+))[ \t]*:", re.MULTILINE)
_OF_CONDA = frozenset((b"channels", b"dependencies", b"prefix", b"variables"))
_LISTED = re.compile(rb"^[ \t]*-[ \t]+['\"]?(?:python|pip)\b[ \t=<>!~:'\"]*", re.MULTILINE)
_OF_OTHERS = re.compile(
    rb"^(?:\$schema|apiVersion|galaxy_info|services|jobs|package|schema|recipe)[ \t]*:", re.MULTILINE
)
_INSIDE = re.compile(
    rb"^[ \t]*conda_file[ \t]*:[ \t]*\r?\n(?:[ \t]+[^\r\n]*\r?\n)*?[ \t]+dependencies[ \t]*:", re.MULTILINE
)
"""An environment inside of a file of Azure ML."""
_SKIPPED = re.compile(r"(?:^|/)\.github/workflows/|lock\.ya?ml$")
_HEAD = 1 << 16

MAX_WALKED = 100_000
"""How many files are looked at below a folder that is not in a git repository."""
_NOT_WALKED = frozenset({"node_modules", "site-packages", "__pycache__", "__pypackages__"})
_HIDDEN = frozenset({".binder", ".circleci", ".github", ".gitlab"})
"""Hidden folders that hold environment files, or install scripts."""
_ENVIRONMENT_MARKS = ("conda-meta", "pyvenv.cfg")


def environment_files(folder: Path) -> list[Path]:
    """Return the environment files below a folder, relative to it and sorted; see :func:`files_below`.

    A file counts by its content, see :func:`is_environment_file`, or because a file of Binder, Read the Docs, MLflow or
    Azure ML names it.
    """
    names = files_below(folder, "*.yml", "*.yaml", "*MLproject", "*MLmodel")
    found = {name for name in names if is_environment_file(folder, name)}
    from conda_lockstep.environment.references import REFERRING, referenced_by

    for name in names:
        if REFERRING.search(name):
            found.update(referenced_by(folder, name).intersection(names))
    return [Path(name) for name in sorted(found)]


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
    if name in _NOT_WALKED or (name.startswith(".") and name not in _HIDDEN):
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


def is_environment_file(folder: Path, name: str) -> bool:
    """Return whether a file, by its path below a folder and what it holds, is an environment file.

    ``dependencies:`` and ``channels:`` at the top are enough. With the first alone, the path, and ``python`` or ``pip``
    among its lists, must tell it from those of Helm and Ansible. A file that goes by the name of an environment file
    and lacks ``dependencies:`` is one that is broken, unless its keys are those of something else.
    """
    if not may_be_environment(name):
        return False
    try:
        with open(folder / name, "rb", opener=without_waiting) as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return is_environment(name, head)


def may_be_environment(name: str) -> bool:
    """Return whether a file of this path is discovered, if its content is an environment's."""
    return re.search(YAML_FILES, name) is not None and not _SKIPPED.search(name)


def is_environment(name: str, content: bytes) -> bool:
    """Return whether a file counts as an environment file, by its path and content; see :func:`is_environment_file`."""
    head = content[:_HEAD]
    is_named = re.match(FILES, name) is not None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return is_named
    return _holds_environment(head.removeprefix(b"\xef\xbb\xbf"), name, is_named)


def _holds_environment(head: bytes, name: str, is_named: bool) -> bool:
    if b"dependencies" not in head and not is_named:
        return False
    if b"conda_file" in head and _INSIDE.search(head):
        return True
    keys = {bare or double or single for single, double, bare in _KEYS.findall(head)}
    if b"dependencies" in keys and (b"channels" in keys or is_named):
        return True
    if _OF_OTHERS.search(head):
        return False
    if b"dependencies" in keys:
        return _FOLDERS.search(name) is not None and _LISTED.search(head) is not None
    # Misspelled, in a merge conflict, in a list of its own, or not there at all.
    if not is_named or not keys or keys & _OF_CONDA or any(key.startswith(b"depend") for key in keys):
        return is_named
    return _PLAIN_NAME.search(name) is not None and _is_broken(head, name)


def _is_broken(head: bytes, name: str) -> bool:
    """Return whether a file cannot be read as YAML, so that its keys do not tell what it is."""
    from conda_lockstep.text.source import Source, UnreadableFileError
    from conda_lockstep.text.yaml_nodes import compose_any

    try:
        compose_any(Source.of(name, head.decode("utf-8")))
    except (UnreadableFileError, UnicodeDecodeError):
        return len(head) < _HEAD
    return False
