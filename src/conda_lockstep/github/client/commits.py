"""Commits through GitHub's git data API: without checkout or git credentials, and never with a forced push."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub, GitHubError, RequiredPermission, Value, Values
from conda_lockstep.text.json_fields import Fields

READ = RequiredPermission("read the branch", "contents", "read")
READ_HISTORY = RequiredPermission("find the base commit", "contents", "read")
WRITTEN = RequiredPermission("write the commit", "contents", "write")
MOVED = RequiredPermission("write the branch", "contents", "write")
# GitHub's words for a branch that is there already, is gone, or has gone another way meanwhile.
RACED = ("reference already exists", "reference does not exist", "not a fast forward")


LINK = "120000"
REGULAR = frozenset({"100644", "100755"})


class TreeEntry(NamedTuple):
    """A file of a commit: git's mode and the id of its blob. Source: https://git-scm.com/docs/git-fast-import."""

    mode: str
    blob: str

    @property
    def is_file(self) -> bool:
        """Return whether this is a file, not a link or a submodule."""
        return self.mode in REGULAR

    @property
    def is_link(self) -> bool:
        """Return whether this is a symbolic link."""
        return self.mode == LINK


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its id, its tree's, its parents', and its message."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str


def head_of(github: GitHub, branch: str) -> Commit | None:
    """Return the commit at the head of a branch, None if the branch does not exist."""
    try:
        answer = github.call(READ, "git.get_ref", {"ref": f"heads/{quote(branch)}"})
    except GitHubError as error:
        if error.status == 404:
            return None
        raise
    return read(github, github.object(answer).text("object.sha"))


def read(github: GitHub, sha: str) -> Commit:
    """Return a commit."""
    return _commit(github.object(github.call(READ, "git.get_commit", {"commit_sha": sha})))


def merge_base(github: GitHub, base: str, head: str) -> str:
    """Return the newest commit that two commits have in common; raises ``GitHubError`` if there is none."""
    values: Values = {"basehead": f"{base}...{head}", "per_page": 1}
    answer = github.call(READ_HISTORY, "repos.compare_commits", values)
    return github.object(answer).text("merge_base_commit.sha")


def files_of(github: GitHub, sha: str) -> dict[str, TreeEntry]:
    """Return all files of a commit by path.

    GitHub lists at most 100,000 entries, and says so if there are more; that raises ``LockstepError``.
    Source: https://docs.github.com/rest/git/trees#get-a-tree.
    """
    values = {"tree_sha": read(github, sha).tree, "recursive": "1"}
    answer = github.object(github.call(READ_HISTORY, "git.get_tree", values))
    if answer.flag("truncated"):
        raise LockstepError(f"GitHub does not list all files of the commit {sha[:12]}")
    entries = (item for item in answer.children("tree") if item.text("type") != "tree")
    return {item.text("path"): TreeEntry(item.text("mode"), item.text("sha")) for item in entries}


def tree_with(github: GitHub, base: str, files: Mapping[str, str | None]) -> str:
    """Return the id of a tree like ``base`` with these files; None deletes a file."""
    entries: list[Value] = [
        {"path": path, "mode": "100644", "type": "blob", "sha": None if text is None else _blob(github, text)}
        for path, text in sorted(files.items())
    ]
    answer = github.call(WRITTEN, "git.create_tree", {"base_tree": base, "tree": entries})
    return github.object(answer).text("sha")


def write(github: GitHub, tree: str, parents: Sequence[str], message: str) -> Commit:
    """Create a commit, as the token's account; it is on no branch yet."""
    values: dict[str, Value] = {"message": message, "tree": tree, "parents": list(parents)}
    return _commit(github.object(github.call(WRITTEN, "git.create_commit", values)))


def begin(github: GitHub, branch: str, commit: str) -> bool:
    """Create a branch at a commit; return False if the branch was created meanwhile."""
    return _moved(github, "git.create_ref", {"ref": f"refs/heads/{branch}", "sha": commit})


def advance(github: GitHub, branch: str, commit: str) -> bool:
    """Move a branch to a commit that follows its head; return False if the head has changed."""
    return _moved(github, "git.update_ref", {"ref": f"heads/{quote(branch)}", "sha": commit})


def _moved(github: GitHub, operation: str, values: Mapping[str, Value]) -> bool:
    try:
        github.call(MOVED, operation, values)
    except GitHubError as error:
        message = str(error).lower()
        if error.status == 409 or (error.status == 422 and any(words in message for words in RACED)):
            return False
        raise
    return True


def _blob(github: GitHub, text: str) -> str:
    values = {"content": base64.b64encode(text.encode()).decode(), "encoding": "base64"}
    return github.object(github.call(WRITTEN, "git.create_blob", values)).text("sha")


def _commit(fields: Fields) -> Commit:
    return Commit(
        sha=fields.text("sha"),
        tree=fields.text("tree.sha"),
        parents=tuple(parent.text("sha") for parent in fields.children("parents")),
        message=fields.text("message"),
    )
