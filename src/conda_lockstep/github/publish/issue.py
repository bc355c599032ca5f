"""The single issue of the upstream check: found by hidden marker and author, kept current, closed when all is well."""

from __future__ import annotations

from dataclasses import dataclass

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub, GitHubError, RequiredPermission, Value, Values
from conda_lockstep.github.publish.comment import ROUNDS, CommentOutcome, State, marked, read_state
from conda_lockstep.text.json_fields import Fields

LABEL = "conda-lockstep"
COLOUR = "0e8a16"
LISTED = RequiredPermission("list the issues", "issues", "read")
WRITTEN = RequiredPermission("write the issue", "issues", "write")
LABELLED = RequiredPermission("make the label", "issues", "write")


FOUND = "<!-- found -->\n"


@dataclass(frozen=True, slots=True)
class Watch:
    """The content of the issue.

    ``found`` are the results, ``heartbeat`` is one line on when and by which run: an old one shows a dead schedule.
    ``failure`` says what could not be checked, and when. If nothing could be, ``found`` is empty, and the results of
    an earlier check stay. ``clean`` is whether there is nothing to report; a failed check is not clean.
    ``state.environment`` names the results without their dates: the same results have the same name.
    """

    title: str
    found: str
    heartbeat: str
    clean: bool
    author: str
    state: State
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Issue:
    number: int
    title: str
    is_open: bool
    url: str
    state: State
    found: str
    labels: tuple[str, ...]


def keep(github: GitHub, watch: Watch) -> CommentOutcome:
    """Update the repository's issue to this content: open it, edit it, close it, or reopen it.

    An edit notifies no one, so a quiet day is silent: only the heartbeat changes. An issue that a user closed stays
    closed until there are other results. Never raises: errors are in the outcome.
    """
    try:
        for _ in range(ROUNDS):
            outcome = _round(github, watch)
            if outcome is not None:
                return outcome
    except LockstepError as error:
        return CommentOutcome("failed", reason=str(error))
    return CommentOutcome("failed", reason="the issue kept changing during the update")


def _round(github: GitHub, watch: Watch) -> CommentOutcome | None:
    """Look, decide, act; return None to look again."""
    own = _find(github, watch)
    if not own:
        return (
            CommentOutcome("skipped", reason="nothing has changed") if watch.clean else _open(github, watch)
        )
    kept = own[0]
    newest = max(own, key=lambda issue: issue.state.order)
    if newest.state.order > watch.state.order:
        return CommentOutcome("superseded", newest.url, f"run {newest.state.run} is newer")
    changes: dict[str, Value] = {"body": _text(watch, kept.found)}
    if kept.title != watch.title:
        changes["title"] = watch.title
    if LABEL not in kept.labels:
        changes["labels"] = [*kept.labels, LABEL]
    if watch.clean and kept.is_open:
        changes |= {"state": "closed", "state_reason": "completed"}
    if not (watch.clean or kept.is_open) and kept.state.environment != watch.state.environment:
        changes |= {"state": "open", "state_reason": "reopened"}
    try:
        github.call(WRITTEN, "issues.update", {"issue_number": kept.number, **changes})
    except GitHubError as error:
        # Somebody moved or deleted it since the look.
        if error.status in (404, 409, 410):
            return None
        raise
    _close_doubles(github, own[1:])
    return CommentOutcome("edited", kept.url)


def _text(watch: Watch, before: str = "") -> str:
    """Return the issue's whole text; ``before`` are the results of an earlier check, with its heartbeat."""
    found = f"{watch.found.strip()}\n\n---\n{watch.heartbeat}" if watch.found or not before else before
    return marked(watch.state, "\n\n".join(filter(None, (watch.failure.strip(), f"{FOUND}{found}"))))


def _open(github: GitHub, watch: Watch) -> CommentOutcome | None:
    _make_label(github)
    values: dict[str, Value] = {"title": watch.title, "body": _text(watch), "labels": [LABEL]}
    try:
        created = _issue(github.object(github.call(WRITTEN, "issues.create", values, repeatable=False)))
    except GitHubError as error:
        if error.executed:
            return None
        raise
    # Two runs that raced have each opened one.
    _close_doubles(github, _find(github, watch)[1:])
    return CommentOutcome("created", created.url if created else "")


def _find(github: GitHub, watch: Watch) -> list[_Issue]:
    """Return our issues for this key, the oldest first, which is the one that is kept.

    They are searched by label, which is fast, and by author if a user removed the label.
    """
    by_label = _listed(github, watch, {"state": "all", "labels": LABEL})
    if by_label:
        return by_label
    return _listed(github, watch, {"state": "open" if watch.clean else "all", "creator": watch.author})


def _listed(github: GitHub, watch: Watch, which: Values) -> list[_Issue]:
    found = []
    for fields in github.pages(LISTED, "issues.list_for_repo", which):
        issue = _issue(fields)
        is_ours = fields.optional_text("user.login").lower() == watch.author.lower()
        if issue is not None and is_ours and issue.state.key == watch.state.key:
            found.append(issue)
    return sorted(found, key=lambda issue: issue.number)


def _issue(fields: Fields) -> _Issue | None:
    """Read an issue; return None for a pull request, which GitHub lists as one, and for an issue without our marker."""
    read = read_state(fields.optional_text("body"))
    if read is None or fields.has("pull_request"):
        return None
    return _Issue(
        number=fields.number("number"),
        title=fields.text("title"),
        is_open=fields.text("state") == "open",
        url=fields.text("html_url"),
        state=read[0],
        found=read[1].replace("\r\n", "\n").partition(FOUND)[2].strip(),
        labels=tuple(label.text("name") for label in fields.children("labels")),
    )


def _close_doubles(github: GitHub, doubles: list[_Issue]) -> None:
    for issue in doubles:
        if issue.is_open:
            values: dict[str, Value] = {"state": "closed", "state_reason": "not_planned"}
            github.call(WRITTEN, "issues.update", {"issue_number": issue.number, **values})


def _make_label(github: GitHub) -> None:
    values: dict[str, Value] = {"name": LABEL, "color": COLOUR, "description": "maintained by conda-lockstep"}
    try:
        github.call(LABELLED, "issues.create_label", values)
    except GitHubError as error:
        # It is there already.
        if error.status != 422:
            raise
