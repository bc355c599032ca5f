"""The base commit of a change, and its files, from the checkout or from GitHub."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.event import Event

TIMEOUT = 60.0
REGULAR = frozenset({b"100644", b"100755"})


@dataclass(frozen=True, slots=True)
class Base:
    """The files of one commit.

    ``github`` provides what a shallow checkout lacks, if there is a token. ``commit`` is empty if the change has no
    base: a first push, a schedule. ``workspace`` is None if nothing is checked out.
    """

    workspace: Path | None
    commit: str
    github: GitHub | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file at the base commit, None if it did not exist.

        Raises ``LockstepError`` if the checkout does not contain the commit and GitHub cannot be asked.
        """
        if not self.commit:
            return None
        if self.workspace is not None:
            listed = _git(self.workspace, "ls-tree", "-z", "--full-tree", self.commit, "--", path)
            if listed is not None:
                blob = _regular_file(listed)
                content = _git(self.workspace, "cat-file", "blob", blob) if blob else None
                if content is not None or not blob:
                    return content
        if self.github is None:
            raise LockstepError(
                f"the checkout does not contain the base commit {self.commit[:12]}",
                where=path,
                remedy="check out with 'fetch-depth: 2'",
            )
        return self.github.file(path, self.commit)

    def holds_credentials(self) -> bool:
        """Return whether git's settings in the checkout contain or refer to a token, as ``actions/checkout`` stores
        it.
        """
        if self.workspace is None:
            return False
        listed = _git(self.workspace, "config", "--local", "--list")
        return listed is not None and _keeps_token(listed.replace(b"=", b" "))


def _keeps_token(configuration: bytes) -> bool:
    return re.search(rb"extraheader\s|includeif\.|://[^/\s]*@", configuration, re.IGNORECASE) is not None


def find_base(event: Event, workspace: Path) -> str:
    """Return the base commit of a change, empty if there is none.

    ``actions/checkout`` checks out a pull request as its merge with the base branch at that moment. The base is then
    the first parent of the merge, not the commit in the event: that may be older, and the difference other people's
    work. A shallow checkout knows the names of the parents as well.
    """
    pull = event.pull_request
    if pull is None:
        return event.base_sha
    parents = _parents(workspace)
    if len(parents) == 2 and parents[1] == pull.head_sha:
        return parents[0]
    fork_point = _git(workspace, "merge-base", pull.base_sha, pull.head_sha)
    return fork_point.decode().strip() if fork_point else pull.base_sha


def _parents(workspace: Path) -> list[str]:
    commit = _git(workspace, "cat-file", "commit", "HEAD")
    if commit is None:
        return []
    header = commit.partition(b"\n\n")[0].decode("utf-8", "replace")
    return [line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent ")]


def _regular_file(listed: bytes) -> str:
    """Return the object of an ``ls-tree`` line, ``MODE TYPE OBJECT<tab>PATH``; empty for links and folders."""
    mode, _, rest = listed.partition(b" ")
    return rest.partition(b"\t")[0].split(b" ")[-1].decode() if mode in REGULAR else ""


def _git(workspace: Path, *arguments: str) -> bytes | None:
    """Run git read-only; return None if it fails. It neither asks for a password nor fetches missing objects."""
    # Nothing of the job's environment: what git may start, by the checkout's own settings, sees no token.
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    environment = {"PATH": os.environ.get("PATH", os.defpath), **quiet}
    # In a container, the checkout belongs to another user, and git would refuse it.
    command = ["git", "--literal-pathspecs", "-c", "safe.directory=*", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=workspace,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise LockstepError("git is not installed on this runner") from None
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
