"""Compares an untrusted run's claims about the pull request's files with the files on GitHub.

What GitHub has decides: each file and lock, whether there is a lock at all, and whether it fits its file. That takes no
solver. What would take one is the run's word: a fresh solution, that a file cannot be locked, a build.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.commits import TreeEntry
from conda_lockstep.github.event.base_settings import judged_by_base, settings_at
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.fork_comment.sanitize import is_plain_path
from conda_lockstep.github.handoff.handoff import Checked, Handoff
from conda_lockstep.lint.engine.findings import UNREADABLE
from conda_lockstep.lock.check.status import stale_reasons
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import is_lock

# A file that names other files is not read here: they may lead anywhere.
_NAMES_FILES = re.compile(
    rb"(?:^|[\s'\"-])-(?:r|c|e)\b|--(?:requirement|constraint|editable|find-links)|file:|(?:^|\s)\.{1,2}/",
    re.M,
)
UNPROVEN = "{path} names other files, so that only its own run has checked whether its lock fits"


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits on GitHub that decide, with all their paths."""

    base: CommitFiles
    head: CommitFiles
    old: Mapping[str, TreeEntry]
    new: Mapping[str, TreeEntry]


@dataclass(frozen=True, slots=True)
class Proof:
    """A hand-off as far as GitHub's files bear it out; ``remarks`` are what a reader must know, a sentence each."""

    handoff: Handoff
    remarks: tuple[str, ...] = ()


def proven(handoff: Handoff, commits: Commits) -> Proof:
    """Return the hand-off with GitHub's own locks in it, and with what these show of its claims.

    Left out are the environments whose files differ from the pull request's. ``files`` are those that the run has
    looked at, as far as the pull request has them.
    """
    kept: list[Checked] = []
    failures = list(handoff.failures)
    for one in handoff.checked:
        found = _held(one, commits.head)
        if found is None:
            failures.append(f"{one.lock_path} differs from the pull request's, so its results are not shown")
        else:
            kept.append(found)
    judged, unproven = _judged(kept, commits)
    unreadable = {remark.path for remark in handoff.remarks if remark.rule == UNREADABLE}
    files = {path for path in (*(one.path for one in kept), *unreadable) if path in commits.new}
    remarks = (*(UNPROVEN.format(path=path) for path in unproven), *_unmentioned(handoff, commits))
    return Proof(
        replace(handoff, checked=tuple(judged), failures=tuple(failures), files=tuple(sorted(files))), remarks
    )


def plain(path: str) -> str:
    """Return a path of the pull request as the comment shows it: one that could be read as a sentence is left out."""
    return path if is_plain_path(path) else "a file (name not shown)"


def _unmentioned(handoff: Handoff, commits: Commits) -> Iterator[str]:
    """Yield a line for each lock that the pull request changes and that its run did not check."""
    known = {one.lock_path for one in handoff.checked}
    for path, entry in commits.new.items():
        if is_lock(path) and path not in known and commits.old.get(path) != entry:
            shown = path if is_plain_path(path) else "a lock (name not shown)"
            yield f"{shown} is changed, but the run did not check it"


def _held(one: Checked, head: CommitFiles) -> Checked | None:
    """Return a claim with GitHub's own lock, None if it is about other files or contradicts them."""
    lock, file = head.read(one.lock_path), head.read(one.path)
    if _digest(lock) != one.lock_sha256 or _digest(file) != one.sha256 or file is None:
        return None
    if (lock is None) is not (one.state in ("missing", "failed")) and one.state != "failed":
        return None
    committed = (lock or b"").decode("utf-8", "replace")
    if one.state == "current" and one.lock != committed:
        return None
    return replace(one, committed=committed)


def _judged(kept: list[Checked], commits: Commits) -> tuple[list[Checked], list[str]]:
    """Return the environments, with 'current' only where the lock fits; also the files of which that is not shown."""
    judged: list[Checked] = []
    unproven: list[str] = []
    for path in dict.fromkeys(one.path for one in kept):
        group = [one for one in kept if one.path == path]
        if all(one.state != "current" for one in group):
            judged += group
            continue
        content = commits.head.read(path) or b""
        if _NAMES_FILES.search(content):
            unproven.append(path)
            judged += group
            continue
        stale = _stale(path, content, group, commits)
        judged += [
            replace(one, state="stale") if one.state == "current" and one.lock_path in stale else one
            for one in group
        ]
    return judged, unproven


def _stale(path: str, content: bytes, group: list[Checked], commits: Commits) -> set[str]:
    """Return the locks of an environment file that do not fit it, by the rules of the base."""
    own = {one.lock_path for one in group}
    folder = PurePosixPath(path).parent
    try:
        described = settings_at(commits.head, folder, commits.new)
        config = judged_by_base(described, commits.base, Path(folder), commits.old)
        locks: dict[Path, Lock] = {
            Path(one.lock_path): cep37.parse(one.committed, one.lock_path) for one in group if one.committed
        }
        found = stale_reasons(parse(content.decode("utf-8-sig", "replace"), path), locks, config)
    except LockstepError:
        return own
    return {lock.as_posix() for lock, reasons in found.items() if reasons}


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()
