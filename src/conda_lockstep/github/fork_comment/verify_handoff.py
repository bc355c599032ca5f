"""Compares an untrusted run's claims about the pull request's files with the files on GitHub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub, RequiredPermission
from conda_lockstep.github.event.event import PullRequest
from conda_lockstep.github.fork_comment.sanitize import is_plain_path
from conda_lockstep.github.handoff.handoff import Checked, Handoff
from conda_lockstep.lock.model.paths import is_lock

CHANGED = RequiredPermission("list the changed files", "pull-requests", "read")
GONE = "removed"


def proven(handoff: Handoff, github: GitHub, pull: PullRequest) -> Handoff:
    """Return the hand-off without the environments whose files differ from the pull request's.

    A run checks out the merge with the base branch, so the files may be those of the head or of the merge.
    """
    commits = tuple(filter(None, (pull.head_sha, pull.merge_sha)))
    kept: list[Checked] = []
    failures = list(handoff.failures)
    for one in handoff.checked:
        if any(_holds(one, github, commit) for commit in commits):
            kept.append(one)
        else:
            what = f"{one.lock_path} differs from the pull request's, so its results are not shown"
            failures.append(what)
    return replace(handoff, checked=tuple(kept), failures=tuple(failures))


def unmentioned(handoff: Handoff, github: GitHub, pull: PullRequest) -> tuple[str, ...]:
    """Return a line for each lock that the pull request changes and that its run did not check."""
    known = {one.lock_path for one in handoff.checked}
    return tuple(_silence(path) for path in _changed_locks(github, pull) if path not in known)


def _silence(path: str) -> str:
    shown = path if is_plain_path(path) else "a lock (name not shown)"
    return f"{shown} is changed, but the run did not check it"


def _changed_locks(github: GitHub, pull: PullRequest) -> Iterator[str]:
    for item in github.pages(CHANGED, "pulls.list_files", {"pull_number": pull.number}):
        path = item.text("filename")
        if is_lock(path) and item.text("status") != GONE:
            yield path


def _holds(one: Checked, github: GitHub, commit: str) -> bool:
    lock = github.file(one.lock_path, commit)
    if _digest(lock) != one.lock_sha256 or _digest(github.file(one.path, commit)) != one.sha256:
        return False
    if one.state != "current":
        return True
    try:
        theirs = parse_source((lock or b"").decode("utf-8", "replace"), one.lock_path)
        return parse_source(one.lock, one.lock_path).platforms == theirs.platforms
    except LockstepError:
        return False


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()
