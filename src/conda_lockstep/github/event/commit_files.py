"""The files of one commit, from the checkout or from GitHub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import commits
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.client.commits import TreeEntry
from conda_lockstep.github.event.git import git


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """The files of one commit.

    ``github`` provides what a shallow checkout lacks, if there is a token. ``commit`` is empty if there is none, as
    before the first commit: then there are no files. ``workspace`` is None if nothing is checked out.
    """

    workspace: Path | None
    commit: str
    github: GitHub | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file, None if the commit does not have it, or has a link or folder there.

        Raises ``LockstepError`` if the checkout does not contain the commit and GitHub cannot be asked.
        """
        if not self.commit:
            return None
        if self.workspace is not None:
            listed = git(self.workspace, "ls-tree", "-z", "--full-tree", self.commit, "--", path)
            if listed is not None:
                entry = _entries(listed).get(path)
                if entry is None or not entry.is_file:
                    return None
                content = git(self.workspace, "cat-file", "blob", entry.blob)
                if content is not None:
                    return content
        return self._remote(path).file(path, self.commit)

    def tree(self) -> dict[str, TreeEntry]:
        """Return all files and links by path; raises ``LockstepError`` as :meth:`read` does."""
        if not self.commit:
            return {}
        if self.workspace is not None:
            listed = git(self.workspace, "ls-tree", "-r", "-z", "--full-tree", self.commit)
            if listed is not None:
                return _entries(listed)
        return commits.files_of(self._remote(None), self.commit)

    def holds_credentials(self) -> bool:
        """Return whether git's settings in the checkout contain or refer to a token, as ``actions/checkout`` stores
        it.
        """
        if self.workspace is None:
            return False
        listed = git(self.workspace, "config", "--local", "--list")
        return listed is not None and _keeps_token(listed.replace(b"=", b" "))

    def _remote(self, path: str | None) -> GitHub:
        if self.github is None:
            what = f"the checkout does not contain the base commit {self.commit[:12]}"
            raise LockstepError(what, where=path, remedy="check out with 'fetch-depth: 2', or pass a token")
        return self.github


def _keeps_token(configuration: bytes) -> bool:
    return re.search(rb"extraheader\s|includeif\.|://[^/\s]*@", configuration, re.IGNORECASE) is not None


def _entries(listed: bytes) -> dict[str, TreeEntry]:
    """Read the lines of ``ls-tree -z``: ``MODE TYPE OBJECT<tab>PATH``."""
    found = {}
    for line in listed.split(b"\0"):
        if line:
            head, _, path = line.partition(b"\t")
            mode, _, blob = head.decode().split(" ")
            found[path.decode("utf-8", "surrogateescape")] = TreeEntry(mode, blob)
    return found
