"""The merge driver for locks: ``.gitattributes`` says for which files, each clone's own config what is run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from conda_lockstep.cli.environment.init.planned_file import Planned, read
from conda_lockstep.errors import LockstepError

ATTRIBUTES = Path(".gitattributes")
NAME = "lockstep"
PATTERNS = ("*conda-lock.yml", "*conda-lock.yaml")
"""Without a slash, a pattern holds in every folder."""
# Where the command is not there, as outside of the environment that has it, git would take our side for the merge.
DRIVER = (
    "if command -v lockstep >/dev/null; then lockstep merge-driver %O %A %B %P --marker-size %L; "
    "else git merge-file --marker-size=%L %A %O %B; fi"
)
CONFIG = {
    f"merge.{NAME}.name": "locks of conda-lockstep, package by package",
    f"merge.{NAME}.driver": DRIVER,
    # Of several common ancestors git merges one for itself, which is no lock that anybody could read.
    f"merge.{NAME}.recursive": "binary",
}


def plan(root: Path) -> Planned:
    """Plan the lines in ``.gitattributes``; those that are there for our driver stay as they are."""
    before = read(root, ATTRIBUTES)
    text = before or ""
    if f"merge={NAME}" in text.split():
        return Planned(ATTRIBUTES, before, text, "unchanged, has the merge driver")
    newline = "\r\n" if "\r\n" in text else "\n"
    parted = newline if text and not text.endswith("\n") else ""
    lines = "".join(f"{pattern} merge={NAME}{newline}" for pattern in PATTERNS)
    return Planned(ATTRIBUTES, before, f"{text}{parted}{lines}", "added the merge driver for locks")


def configure(root: Path, *, dry: bool) -> str:
    """Set what this clone runs, unless it has that already; say what was done, or would be."""
    present = _git(root, "config", "--local", "--get", f"merge.{NAME}.driver")
    if present:
        return f"unchanged, runs '{present}'"
    for key, value in CONFIG.items():
        if not dry:
            _git(root, "config", "--local", key, value, check=True)
    return f"{'would run' if dry else 'runs'} 'lockstep merge-driver' in this clone"


def _git(root: Path, *arguments: str, check: bool = False) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise LockstepError("git is not installed", remedy="install it") from None
    if check and done.returncode:
        raise LockstepError(f"git {arguments[0]}: {done.stderr.strip()}", where=str(root))
    return done.stdout.strip()
