"""What git knows of the merge that it runs a driver for: the commits of both sides, and so their other files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_NAMED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")
_SEARCHED = "5"
"""How many commits to look at that brought the very lock that is theirs."""


def merge_text(files: Sequence[Path], marker_size: int) -> bool:
    """Merge base, ours and theirs into ours as git merges any text; say whether that left no conflict."""
    base, ours, theirs = map(str, files)
    labels = ["-L", "ours", "-L", "base", "-L", "theirs"]
    command = ["git", "merge-file", f"--marker-size={marker_size}", *labels, ours, base, theirs]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class Merge:
    """The merge in progress, seen from the files of one path of it.

    A driver is told blobs, not commits; those are found by what they hold at the path, and never guessed.
    """

    def __init__(self, path: Path, base: Path, ours: Path, theirs: Path) -> None:
        self.path = path
        self.base, self.ours, self.theirs = (_blob_of(file) for file in (base, ours, theirs))

    def merged(self, file: Path) -> tuple[str | None, str]:
        """Return what the merge makes of another file, else None and why that is not known.

        Git writes it after the drivers have run: until then, the working tree has our side's.
        """
        commits = self._commits()
        if commits is None:
            return None, "as the commits of this merge are not known"
        base, ours, theirs = (_content(f"{commit}:{file.as_posix()}") for commit in commits)
        if ours is None or theirs is None:
            return None, "which one side does not have"
        if theirs in (base, ours):
            return _text(ours)
        if ours == base:
            return _text(theirs)
        with TemporaryDirectory(prefix="lockstep-") as folder:
            paths = [Path(folder) / name for name in ("ours", "base", "theirs")]
            for path, content in zip(paths, (ours, base or b"", theirs), strict=True):
                path.write_bytes(content)
            merged = subprocess.run(["git", "merge-file", "-p", *paths], check=False, capture_output=True)
        return _text(merged.stdout) if merged.returncode == 0 else (None, "which is in conflict")

    def _commits(self) -> tuple[str, str, str] | None:
        """Return the commits that have the three locks: base, ours, theirs."""
        if not self._has("HEAD", self.ours):
            return None  # a merge of several common ancestors, which nobody will see
        for theirs in self._candidates():
            if self._has(theirs, self.theirs):
                ancestors = _git("merge-base", "--all", "HEAD", theirs).split()
                for base in (*ancestors, f"{theirs}^", f"{theirs}~2"):
                    if self._has(base, self.base):
                        return base, "HEAD", theirs
        return None

    def _candidates(self) -> Iterator[str]:
        """Yield what may be their commit: as git says it of a merge, a rebase, a pick or a revert; else by its lock."""
        yield from (
            match[1] for match in map(re.compile(r"GITHEAD_([0-9a-f]+)").fullmatch, os.environ) if match
        )
        for name in _NAMED:
            yield from _git("rev-parse", "--verify", "--quiet", name).split()
            yield from _git("rev-parse", "--verify", "--quiet", f"{name}^").split()
        found = ("log", "--all", "--format=%H", "-n", _SEARCHED, f"--find-object={self.theirs}")
        yield from _git(*found, "--", str(self.path)).split()

    def _has(self, commit: str, blob: str) -> bool:
        held = _git("rev-parse", "--verify", "--quiet", f"{commit}:{self.path.as_posix()}").strip()
        if held or blob:
            return held == blob
        return _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") != ""


def _blob_of(file: Path) -> str:
    """Return the name of a file's content, empty for an empty file: git's word for a side that has none."""
    return _git("hash-object", "--no-filters", "--", str(file)).strip() if file.stat().st_size else ""


def _content(name: str) -> bytes | None:
    shown = subprocess.run(["git", "cat-file", "blob", name], check=False, capture_output=True)
    return shown.stdout if shown.returncode == 0 else None


def _text(content: bytes) -> tuple[str | None, str]:
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return None, "which is not UTF-8"


def _git(*arguments: str) -> str:
    """Return what git prints, empty where it fails."""
    return subprocess.run(["git", *arguments], check=False, capture_output=True, text=True).stdout
