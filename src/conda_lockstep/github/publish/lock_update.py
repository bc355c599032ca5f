"""Fresh locks for a change whose own locks do not fit: as a patch in the comment, or as a commit on its branch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import commits
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event, PullRequest
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.event.trust import may_comment
from conda_lockstep.github.handoff.handoff import Handoff
from conda_lockstep.github.handoff.upstream_handoff import Refreshed, check_lock_path
from conda_lockstep.github.publish.patch import FILE_NAME, patch_of, shown
from conda_lockstep.github.publish.pull_request import start_checks
from conda_lockstep.render.escape import code, prose
from conda_lockstep.text.atomic import write_text

TITLE = "Update the conda locks"
TRAILER = "Lockstep-Update:"


@dataclass(frozen=True, slots=True)
class LockUpdate:
    """What was done with fresh locks: the patch with them, the notes, and the commit that was pushed, if any."""

    patch: str = ""
    notes: tuple[str, ...] = ()
    pushed: str = ""

    def text(self, room: int) -> str:
        """Return this as Markdown of at most ``room`` bytes."""
        notes = "\n\n".join(self.notes)
        if len(notes.encode()) + 4 > room:
            return ""
        patch = "" if self.pushed else shown(self.patch, room - len(notes.encode()) - 4)
        return "".join(f"\n{part}\n" for part in (notes, patch) if part)


def update(
    handoff: Handoff, event: Event, runner: Runner, inputs: Inputs, github: GitHub | None
) -> LockUpdate:
    """Apply input ``lock-update`` to the fresh locks; errors are in the notes.

    The locks are for the head of the pull request's branch, not for its merge with the base that was checked out.
    """
    if inputs.lock_update == "none":
        return LockUpdate()
    pull = event.pull_request
    head = CommitFiles(runner.workspace, pull.head_sha if pull else event.sha, github)
    try:
        fresh, skipped = _fresh(handoff, head)
        if not fresh:
            return LockUpdate(notes=skipped)
        patch = patch_of(fresh, runner.folder)
        write_text(runner.folder / FILE_NAME, patch)
    except LockstepError as error:
        return LockUpdate(notes=(f"⚠️ The fresh locks are not shown: {prose(str(error))}.",))
    if inputs.lock_update == "suggest":
        return LockUpdate(patch, skipped)
    try:
        notes, commit = _pushed(fresh, event, inputs, github)
        return LockUpdate(patch, (*notes, *skipped), commit)
    except LockstepError as error:
        return LockUpdate(patch, (f"🔒 The fresh locks were not pushed: {prose(str(error))}.", *skipped))


def _fresh(handoff: Handoff, head: CommitFiles) -> tuple[tuple[Refreshed, ...], tuple[str, ...]]:
    """Return the locks to write, and a note for each environment that has none for this branch."""
    fresh: list[Refreshed] = []
    skipped: list[str] = []
    for checked in handoff.checked:
        if checked.state not in ("stale", "missing") or not checked.lock:
            continue
        check_lock_path(checked.lock_path)
        environment = head.read(checked.path)
        if environment is None or hashlib.sha256(environment).hexdigest() != checked.sha256:
            path = code(checked.path)
            what = "differs on the base branch, and the fresh lock is for the merge"
            skipped.append(f"⚠️ No fresh lock of {path}: it {what}; merge the base branch first.")
            continue
        before = head.read(checked.lock_path) or b""
        fresh.append(Refreshed(checked.lock_path, before.decode("utf-8", "replace"), checked.lock))
    return tuple(fresh), tuple(skipped)


def _pushed(
    fresh: tuple[Refreshed, ...], event: Event, inputs: Inputs, github: GitHub | None
) -> tuple[tuple[str, ...], str]:
    """Push the locks to the pull request's branch; return the note and the commit.

    Raises ``LockstepError`` if that is not allowed, or fails.
    """
    pull = event.pull_request
    allowed = may_comment(event)
    if pull is None or not allowed.allowed:
        raise LockstepError(allowed.reason if pull else "no pull request to push to")
    if github is None:
        raise LockstepError("no token to push with")
    head = commits.read(github, pull.head_sha)
    if TRAILER in head.message:
        # With an app's token each push starts another run: this ends it, whatever is wrong.
        raise LockstepError("the last commit was already such an update, and did not help")
    commit = _commit(github, pull, head, fresh)
    wrong = start_checks(github, inputs.checks, pull.head_ref)
    paths = ", ".join(code(each.path) for each in fresh)
    note = f"🔁 The fresh locks were pushed to {code(pull.head_ref)} as {commit}: {paths}."
    return (note, *([f"⚠️ {prose(wrong)}."] if wrong else [])), commit


def _commit(github: GitHub, pull: PullRequest, head: commits.Commit, fresh: tuple[Refreshed, ...]) -> str:
    tree = commits.tree_with(github, head.tree, {each.path: each.after or None for each in fresh})
    message = "\n".join([TITLE, "", *sorted(each.path for each in fresh), "", f"{TRAILER} {tree}"])
    commit = commits.write(github, tree, (head.sha,), message)
    if not commits.advance(github, pull.head_ref, commit.sha):
        raise LockstepError(f"{pull.head_ref} was pushed to in the meantime; the run for that commit decides")
    return commit.sha
