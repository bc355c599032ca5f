"""Fresh locks as a patch for ``git apply``, made by git itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.handoff.upstream_handoff import Refreshed

TIMEOUT = 60.0
DIFFERENT = 1
NEW_LINE = "\n"
FILE_NAME = "locks.patch"


def patch_of(refreshed: Iterable[Refreshed], scratch: Path) -> str:
    """Return the patch from the committed locks to the fresh ones, empty where there are none.

    ``scratch`` is a folder to work in.
    """
    with TemporaryDirectory(dir=scratch) as folder:
        for side in ("a", "b"):
            (Path(folder) / side).mkdir()
        for each in refreshed:
            _lay_out(Path(folder) / "a" / each.path, each.before)
            _lay_out(Path(folder) / "b" / each.path, each.after)
        return _difference(Path(folder))


def shown(patch: str, room: int) -> str:
    """Return a patch as Markdown of at most ``room`` bytes, or a note on where it is; empty for an empty patch."""
    if not patch:
        return ""
    # Longer than any run of backticks within, so that none of them ends it.
    longest = max(map(len, re.findall("`+", patch)), default=0)
    fence = "`" * max(3, longest + 1)
    text = (
        "<details><summary>The fresh locks as a patch</summary>\n\n"
        "Save it as `locks.patch`, then run `git apply locks.patch`.\n\n"
        f"{fence}diff\n{patch.rstrip()}\n{fence}\n\n</details>"
    )
    if len(text.encode()) <= room:
        return text
    elsewhere = (
        f"The patch with the fresh locks has {patch.count(NEW_LINE):,} lines, more than fits here: it is in the"
        " Action's output `patch`; the commands above write the same locks."
    )
    return elsewhere if len(elsewhere) <= room else ""


def _lay_out(path: Path, text: str) -> None:
    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _difference(folder: Path) -> str:
    # Nobody's settings change what a patch looks like.
    quiet = {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    command = ["git", "diff", "--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "--text", "a", "b"]
    try:
        done = subprocess.run(
            command, cwd=folder, env={**quiet, "GIT_CONFIG_NOSYSTEM": "1"}, capture_output=True,
            timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise LockstepError("git could not make the patch") from error
    if done.returncode > DIFFERENT:
        raise LockstepError(f"git could not make the patch: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout.decode("utf-8", "replace")
