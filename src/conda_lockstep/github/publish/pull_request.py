"""The single pull request with fresh locks: a branch that only moves forward, and a text that is kept current.

A branch with commits by others is left alone. Our commits are recognised by their message, which names their own
tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import commits
from conda_lockstep.github.client.api import GitHub, GitHubError, RequiredPermission, Value
from conda_lockstep.github.client.commits import Commit
from conda_lockstep.github.publish.comment import ROUNDS, CommentOutcome, State, marked, read_state
from conda_lockstep.text.json_fields import Fields

LISTED = RequiredPermission("list the pull requests", "pull-requests", "read")
WRITTEN = RequiredPermission("write the pull request", "pull-requests", "write")
STARTED = RequiredPermission("start the checks", "actions", "write")
NOT_ALLOWED = "not permitted to create"
SETTING = (
    "allow it under Settings, Actions, General: 'Allow GitHub Actions to create and approve pull requests'"
)

_TRAILER = re.compile(r"^Lockstep-Refresh: (\S+) (\S+) ([0-9a-f]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Refresh:
    """The pull request to publish: fresh locks for the branch ``base`` at the commit ``base_sha``, on ``branch``.

    ``files`` are texts by path, None for a lock to delete; without any, an open pull request is closed.
    ``state.environment`` names this content. ``checks`` are the workflow files to start on the branch. ``page`` is
    the repository's own.
    """

    page: str
    base: str
    base_sha: str
    branch: str
    files: Mapping[str, str | None]
    title: str
    body: str
    author: str
    state: State
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pull:
    number: int
    url: str
    is_open: bool
    is_merged: bool
    title: str
    body: str
    state: State | None
    """None where it is not ours."""


def refresh(github: GitHub, wanted: Refresh) -> CommentOutcome:
    """Update the pull request to this state: open it, advance its branch, edit its text, or close it.

    What is current already is left alone; a pull request that a user closed stays closed until there are other locks.
    Never raises: errors are in the outcome, with the branch's page if only the pull request is missing.
    """
    try:
        for _ in range(ROUNDS):
            outcome = _round(github, wanted)
            if outcome is not None:
                return outcome
    except LockstepError as error:
        return CommentOutcome("failed", reason=str(error))
    return CommentOutcome("failed", reason=f"the branch {wanted.branch} kept changing during the update")


def _round(github: GitHub, wanted: Refresh) -> CommentOutcome | None:
    """Look, decide, act; return None to look again."""
    pulls = _pulls(github, wanted)
    current = next((pull for pull in pulls if pull.is_open), None)
    latest = next(iter(pulls), None)
    if not wanted.files:
        return _close(github, wanted, current)
    if current is None and latest is not None and not latest.is_merged and _same(latest, wanted):
        return CommentOutcome("skipped", latest.url, "it was closed, and nothing has changed since")
    if current and current.state and current.state.order > wanted.state.order:
        return CommentOutcome("superseded", current.url, f"run {current.state.run} is newer")
    head = commits.head_of(github, wanted.branch)
    if head is not None and not _is_ours(head, wanted):
        url = current.url if current else ""
        what = f"the branch {wanted.branch} has commits by others; merge or delete it"
        return CommentOutcome("failed", url, what)
    moved = head is None or _content(head) != wanted.state.environment
    if current is None and latest is not None and latest.is_merged and not moved:
        if not _is_head(github, wanted):
            return CommentOutcome("superseded", latest.url, f"{wanted.base} has changed since this run began")
        # It was merged, and is to be done again: somebody has reverted it.
        moved = True
    if moved and not _move(github, wanted, head):
        return None
    return _written(github, wanted, current, moved=moved)


def _pulls(github: GitHub, wanted: Refresh) -> list[_Pull]:
    """Return the pull requests from the branch, the newest first."""
    owner = github.repository.partition("/")[0]
    values = {"state": "all", "head": f"{owner}:{wanted.branch}", "base": wanted.base}
    found = [_pull(fields, wanted) for fields in github.pages(LISTED, "pulls.list", values)]
    return sorted(found, key=lambda pull: -pull.number)


def _pull(fields: Fields, wanted: Refresh) -> _Pull:
    read = read_state(fields.optional_text("body"))
    is_ours = fields.optional_text("user.login").lower() == wanted.author.lower()
    return _Pull(
        number=fields.number("number"),
        url=fields.text("html_url"),
        is_open=fields.text("state") == "open",
        is_merged=fields.has("merged_at"),
        title=fields.text("title"),
        body=read[1] if read else "",
        state=read[0] if read and is_ours and read[0].key == wanted.state.key else None,
    )


def _same(pull: _Pull, wanted: Refresh) -> bool:
    return pull.state is not None and pull.state.environment == wanted.state.environment


def _close(github: GitHub, wanted: Refresh, current: _Pull | None) -> CommentOutcome:
    if current is None:
        return CommentOutcome("skipped", reason="nothing to refresh")
    if current.state is None:
        return CommentOutcome(
            "skipped", current.url, "it has commits by others, and nothing is left to refresh"
        )
    github.call(WRITTEN, "pulls.update", {"pull_number": current.number, "state": "closed"})
    return CommentOutcome("edited", current.url, "closed, because nothing is left to refresh")


def _is_ours(head: Commit, wanted: Refresh) -> bool:
    """Return whether a commit is as we made it: its message names its own tree, which an edit would change."""
    found = _TRAILER.search(head.message)
    return found is not None and (found[1], found[3]) == (wanted.state.key, head.tree)


def _is_head(github: GitHub, wanted: Refresh) -> bool:
    base = commits.head_of(github, wanted.base)
    return base is not None and base.sha == wanted.base_sha


def _content(head: Commit) -> str:
    found = _TRAILER.search(head.message)
    return found[2] if found else ""


def _move(github: GitHub, wanted: Refresh, head: Commit | None) -> bool:
    """Put the locks on the branch, on top of its head and of the base; return False if the branch changed meanwhile.

    The branch is never forced: commits pushed in between would be lost without notice.
    """
    base = commits.read(github, wanted.base_sha)
    tree = commits.tree_with(github, base.tree, wanted.files)
    trailer = f"Lockstep-Refresh: {wanted.state.key} {wanted.state.environment} {tree}"
    message = "\n".join([wanted.title, "", *sorted(wanted.files), "", trailer])
    if head is None:
        commit = commits.write(github, tree, (base.sha,), message)
        return commits.begin(github, wanted.branch, commit.sha)
    parents = (head.sha,) if base.sha in head.parents else (head.sha, base.sha)
    commit = commits.write(github, tree, parents, message)
    return commits.advance(github, wanted.branch, commit.sha)


def _written(github: GitHub, wanted: Refresh, current: _Pull | None, *, moved: bool) -> CommentOutcome | None:
    text = marked(wanted.state, wanted.body)
    if current is None:
        return _open(github, wanted, text)
    # One that this run has opened itself lost its answer, and its checks with it.
    is_new = current.state is not None and current.state.order == wanted.state.order
    started = start_checks(github, wanted.checks, wanted.branch) if moved or is_new else ""
    if current.state is None:
        return CommentOutcome("edited" if moved else "unchanged", current.url, started)
    changes: dict[str, Value] = {}
    if current.body.replace("\r\n", "\n").strip() != wanted.body.strip():
        changes["body"] = text
    if current.title != wanted.title:
        changes["title"] = wanted.title
    if changes:
        github.call(WRITTEN, "pulls.update", {"pull_number": current.number, **changes})
    return CommentOutcome("edited" if moved or changes else "unchanged", current.url, started)


def _open(github: GitHub, wanted: Refresh, text: str) -> CommentOutcome | None:
    values = {"title": wanted.title, "head": wanted.branch, "base": wanted.base, "body": text}
    try:
        answer = github.call(WRITTEN, "pulls.create", values, repeatable=False)
    except GitHubError as error:
        if error.executed or (error.status == 422 and any(pull.is_open for pull in _pulls(github, wanted))):
            return None
        if NOT_ALLOWED in str(error):
            page = f"{wanted.page}/compare/{quote(wanted.base)}...{quote(wanted.branch)}?expand=1"
            return CommentOutcome("failed", page, f"{error}; {SETTING}")
        raise
    url = github.object(answer).text("html_url")
    return CommentOutcome("created", url, start_checks(github, wanted.checks, wanted.branch))


def start_checks(github: GitHub, checks: Iterable[str], branch: str) -> str:
    """Start the workflows that a push with a workflow's own token does not start; return the errors.

    'Events triggered by the GITHUB_TOKEN will not create a new workflow run', but for ``workflow_dispatch``:
    https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
    """
    wrong = []
    for name in checks:
        values: dict[str, Value] = {"workflow_id": name, "ref": branch}
        try:
            github.call(STARTED, "actions.create_workflow_dispatch", values, repeatable=False)
        except LockstepError as error:
            wrong.append(f"{name} was not started: {error}")
    return "; ".join(wrong)
