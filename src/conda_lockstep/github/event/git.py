"""Runs git read-only in a checkout, and finds the checkout's root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.resolve_path import resolve_path

TIMEOUT = 60.0


def git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, None if it fails; see :func:`run`."""
    done = run(folder, *arguments)
    return done.stdout if done is not None and done.returncode == 0 else None


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run git read-only; return None if it takes too long. It neither asks for a password nor fetches objects.

    Raises ``LockstepError`` if git is not installed.
    """
    # Nothing of the job's environment: what git may start, by the checkout's own settings, sees no token.
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    environment = {"PATH": os.environ.get("PATH", os.defpath), **quiet}
    # In a container, the checkout belongs to another user, and git would refuse it. A setting on the command line
    # counts: https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory.
    command = ["git", "--literal-pathspecs", "-c", "safe.directory=*", *arguments]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        remedy = "install git, and check out after that"
        raise LockstepError("git is not installed on this runner", remedy=remedy) from None
    except subprocess.TimeoutExpired:
        return None


def find_root(workspace: Path, working_directory: str) -> tuple[Path, Path]:
    """Return the root of the checkout that a folder of the workspace is in, and the folder relative to that root.

    Raises ``LockstepError`` if the folder does not exist, is outside the workspace, or is not part of a checkout.
    """
    top = resolve_path(workspace)
    folder = resolve_path(workspace / working_directory)
    if not folder.is_relative_to(top) or ".git" in folder.relative_to(top).parts:
        raise LockstepError(
            f"input 'working-directory' is '{working_directory}'", remedy="name a folder of the checkout"
        )
    if not folder.is_dir():
        what = f"input 'working-directory' is '{working_directory}', which is not a folder of the workspace"
        raise LockstepError(what, remedy="name a folder of the checkout")
    found = git(folder, "rev-parse", "--show-toplevel")
    root = resolve_path(Path(os.fsdecode(found.removesuffix(b"\n")))) if found else None
    # A runner may itself lie in a repository.
    if root is None or not root.is_relative_to(top):
        raise _no_checkout(folder, working_directory)
    return root, folder.relative_to(root)


def _no_checkout(folder: Path, working_directory: str) -> LockstepError:
    what = f"{working_directory or 'the workspace'} is not a git checkout"
    below = sorted(path.parent.name for path in folder.glob("*/.git"))
    if below:
        named = "/".join(filter(None, (working_directory, below[0])))
        return LockstepError(what, remedy=f"pass 'working-directory: {named}'")
    return LockstepError(what, remedy="use actions/checkout before this step, with git installed")
