"""Which files of a repository are environment files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from conda_lockstep.errors import LockstepError
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


def environment_files(folder: Path) -> list[Path]:
    """Return the environment files that git tracks, or would, below a folder, in order.

    A file counts by what it holds: top-level ``dependencies:`` and ``channels:``, or the first alone where the
    name says the rest. Raises ``LockstepError`` outside of a git repository.
    """
    names = tracked(folder, "*.yml", "*.yaml")
    return [Path(name) for name in names if not _SKIPPED.search(name) and _is_environment(folder, name)]


def tracked(folder: Path, *patterns: str) -> list[str]:
    """Return the files that git tracks, or would, below a folder, sorted; those that one of the patterns means.

    Raises ``LockstepError`` outside of a git repository.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise LockstepError("git is not installed", remedy="name the files to look at") from None
    except subprocess.CalledProcessError:
        raise LockstepError(
            "not in a git repository", where=str(resolve_path(folder)), remedy="name the files to look at"
        ) from None
    return sorted({name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name})


def _is_environment(folder: Path, name: str) -> bool:
    try:
        with (folder / name).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return re.match(FILES, name) is not None
    keys = {match.group(1) for match in _KEYS.finditer(head)}
    return b"dependencies" in keys and (b"channels" in keys or re.match(FILES, name) is not None)
