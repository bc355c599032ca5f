"""The single comment on a pull request: found by hidden marker and author, kept current, never duplicated."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub, GitHubError, IssueComment
from conda_lockstep.text.json_fields import parse_object

COMMENT_LIMIT = 65_536
MARKER_ROOM = 512
# What a renderer may fill: GitHub's limit less the room for the hidden marker, in characters.
BODY_LIMIT = COMMENT_LIMIT - MARKER_ROOM
SCHEMA = 1
ROUNDS = 3

Kind: TypeAlias = Literal["created", "edited", "unchanged", "superseded", "skipped", "failed"]

_MARKER = re.compile(r"\A<!-- conda-lockstep (\{[^\r\n]{1,480}\}) -->\r?\n")
_SAFE = re.compile(r"[A-Za-z0-9._,-]*\Z")


@dataclass(frozen=True, slots=True)
class State:
    """The metadata of a comment, hidden in its first line.

    ``key`` distinguishes the comments of several workflows, ``environment`` is the environment id that it shows;
    ``run`` and ``attempt`` are GitHub's numbers of the run that wrote it.
    """

    key: str
    environment: str
    run: int
    attempt: int

    @property
    def order(self) -> tuple[int, int]:
        """Later runs, and later attempts of one run, sort later."""
        return self.run, self.attempt


@dataclass(frozen=True, slots=True)
class CommentOutcome:
    """The result of publishing a comment: its address if there is one, and the reason if that is not obvious."""

    kind: Kind
    url: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """``edited: URL`` or ``failed: REASON``."""
        return ": ".join(part for part in (self.kind, self.url, self.reason) if part)


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment to publish: on which pull request, for which head commit, by whom, with what text and state.

    ``pushed`` is the commit that this run has pushed on top of that one, if any.
    """

    number: int
    head_sha: str
    author: str
    body: str
    state: State
    pushed: str = ""


@dataclass(frozen=True, slots=True)
class _Own:
    comment: IssueComment
    state: State
    body: str


def publish(github: GitHub, draft: Draft, *, create: bool = True) -> CommentOutcome:
    """Update the pull request's comment to this text, with the fewest requests.

    A comment is ours by marker *and* author. An identical text is left alone, an older run never overwrites a newer
    one, and of several comments only the newest stays. If ``create`` is false, an existing comment is kept current
    and none is created. Never raises: errors are in the outcome, since a comment must not decide a check.
    """
    try:
        text = compose(draft)
        for _ in range(ROUNDS):
            outcome = _round(github, draft, text, create)
            if outcome is not None:
                return outcome
    except LockstepError as error:
        return CommentOutcome("failed", reason=str(error))
    return CommentOutcome("failed", reason="the comment kept changing during the update")


def compose(draft: Draft) -> str:
    """Return the whole text, marker first; raises ``LockstepError`` if GitHub would not accept it."""
    return marked(draft.state, draft.body)


def marked(state: State, body: str) -> str:
    """Return a text with its state hidden in its first line; raises ``LockstepError`` if GitHub would not accept it."""
    if not (_SAFE.match(state.key) and _SAFE.match(state.environment)):
        raise LockstepError("the comment's hidden state contains more than letters, digits, '.', ',' and '-'")
    hidden = {"schema": SCHEMA, "key": state.key, "environment": state.environment}
    hidden_json = json.dumps({**hidden, "run": state.run, "attempt": state.attempt}, separators=(",", ":"))
    text = f"<!-- conda-lockstep {hidden_json} -->\n{body.strip()}\n"
    if len(text) > COMMENT_LIMIT:
        raise LockstepError(f"the comment has {len(text):,} characters, GitHub's limit is {COMMENT_LIMIT:,}")
    return text


def read_state(text: str) -> tuple[State, str] | None:
    """Return the hidden state of a comment and its text, or None if the comment is not ours."""
    match = _MARKER.match(text)
    if match is None:
        return None
    try:
        fields = parse_object(match[1], "comment")
        if fields.number("schema") != SCHEMA:
            return None
        state = State(
            key=fields.text("key"),
            environment=fields.text("environment"),
            run=fields.number("run"),
            attempt=fields.number("attempt"),
        )
    except LockstepError:
        return None
    return state, text[match.end() :]


def _round(github: GitHub, draft: Draft, text: str, create: bool) -> CommentOutcome | None:
    """Look, decide, act; return None to look again, because something changed meanwhile."""
    own = _find(github, draft)
    if not own and not create:
        return CommentOutcome("skipped", reason="the change does not affect an environment")
    if not own:
        return _create(github, draft, text)
    newest, *others = own
    outcome = _update(github, draft, text, newest)
    if outcome is not None:
        for other in others:
            github.delete_comment(other.comment.id)
    return outcome


def _find(github: GitHub, draft: Draft) -> list[_Own]:
    """Return our comments for this key, the newest run's first."""
    own = []
    for comment in github.comments(draft.number):
        if comment.author.lower() != draft.author.lower():
            continue
        read = read_state(comment.body)
        if read is not None and read[0].key == draft.state.key:
            own.append(_Own(comment, *read))
    return sorted(own, key=lambda item: (-item.state.run, -item.state.attempt, item.comment.id))


def _create(github: GitHub, draft: Draft, text: str) -> CommentOutcome | None:
    if _is_outdated(github, draft):
        return _outdated()
    try:
        created = github.create_comment(draft.number, text)
    except GitHubError as error:
        if error.executed:
            return None
        raise
    if created.author.lower() != draft.author.lower():
        return CommentOutcome(
            "created", created.url, f"it was written as {created.author}: pass 'author: {created.author}'"
        )
    return _settle(github, draft, created)


def _settle(github: GitHub, draft: Draft, created: IssueComment) -> CommentOutcome:
    """Look again after posting: two concurrent runs may have posted one each."""
    own = _find(github, draft)
    for other in own[1:]:
        github.delete_comment(other.comment.id)
    if own and own[0].comment.id != created.id:
        return CommentOutcome("superseded", own[0].comment.url, "a newer run commented at the same time")
    return CommentOutcome("created", created.url)


def _update(github: GitHub, draft: Draft, text: str, newest: _Own) -> CommentOutcome | None:
    url = newest.comment.url
    if newest.state.order > draft.state.order:
        return CommentOutcome("superseded", url, f"run {newest.state.run} is newer")
    if _normal(newest.body) == _normal(draft.body):
        return CommentOutcome("unchanged", url)
    if _is_outdated(github, draft):
        return _outdated(url)
    try:
        github.edit_comment(newest.comment.id, text)
    except GitHubError as error:
        if error.status in (404, 409):
            return None
        raise
    return CommentOutcome("edited", url)


def _is_outdated(github: GitHub, draft: Draft) -> bool:
    """Return whether the pull request has a newer head, whose run decides."""
    # GitHub may be late in telling of a push.
    return github.head_of(draft.number) not in (draft.head_sha, draft.pushed)


def _outdated(url: str = "") -> CommentOutcome:
    return CommentOutcome("superseded", url, "the pull request has a newer commit")


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
