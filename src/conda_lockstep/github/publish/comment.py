"""The one comment on a pull request: found by hidden marker and author, kept current, never doubled."""

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
    """What a comment says about itself, hidden in its first line.

    ``key`` tells the comments of several workflows apart, ``environment`` is the environment id that it shows;
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
    """What became of the comment, its address where there is one, and the reason where that is not plain."""

    kind: Kind
    url: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """``edited: URL`` or ``failed: REASON``."""
        return ": ".join(part for part in (self.kind, self.url, self.reason) if part)


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment to be: on which pull request, as of which head commit, by whom, with what text and state.

    ``pushed`` is the commit that this very run has put on top of that one, if any.
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
    """Bring the pull request's comment to this text, by the fewest requests that do it.

    A comment counts as ours by marker *and* author. A text that is there already is left alone, an older run never
    overwrites a newer one's, and of several comments only the newest stays. Where ``create`` is false, a comment
    that is there is kept current, and none is begun. Never raises: what goes wrong is in the
    outcome, as a comment must not decide over a check.
    """
    try:
        text = compose(draft)
        for _ in range(ROUNDS):
            outcome = _round(github, draft, text, create)
            if outcome is not None:
                return outcome
    except LockstepError as error:
        return CommentOutcome("failed", reason=str(error))
    return CommentOutcome("failed", reason="the comment kept changing under our hands")


def compose(draft: Draft) -> str:
    """Return the whole text, marker first; LockstepError where GitHub would not take it."""
    return marked(draft.state, draft.body)


def marked(state: State, body: str) -> str:
    """Return a text with its state hidden in its first line; LockstepError where GitHub would not take it."""
    if not (_SAFE.match(state.key) and _SAFE.match(state.environment)):
        raise LockstepError("the comment's hidden state holds more than letters, digits, '.', ',' and '-'")
    hidden = {"schema": SCHEMA, "key": state.key, "environment": state.environment}
    hidden_json = json.dumps({**hidden, "run": state.run, "attempt": state.attempt}, separators=(",", ":"))
    text = f"<!-- conda-lockstep {hidden_json} -->\n{body.strip()}\n"
    if len(text) > COMMENT_LIMIT:
        raise LockstepError(f"the comment has {len(text):,} characters, and GitHub takes {COMMENT_LIMIT:,}")
    return text


def read_state(text: str) -> tuple[State, str] | None:
    """Return the hidden state of a comment and the text after it, or None where it is no comment of ours."""
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
    """Look, decide, act; None asks for another look, as the world moved meanwhile."""
    own = _find(github, draft)
    if not own and not create:
        return CommentOutcome("skipped", reason="the change touches no environment")
    if not own:
        return _create(github, draft, text)
    newest, *others = own
    outcome = _update(github, draft, text, newest)
    if outcome is not None:
        for other in others:
            github.delete_comment(other.comment.id)
    return outcome


def _find(github: GitHub, draft: Draft) -> list[_Own]:
    """Our comments for this key, the newest run's first."""
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
    """Look once more after posting: two runs that raced have each posted one."""
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
    """Whether the pull request has moved on: the run of its new head has the word."""
    # GitHub may be late in telling of a push.
    return github.head_of(draft.number) not in (draft.head_sha, draft.pushed)


def _outdated(url: str = "") -> CommentOutcome:
    return CommentOutcome("superseded", url, "the pull request has a newer commit")


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
