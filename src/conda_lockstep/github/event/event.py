"""The event that started this run, read once into types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.json_fields import Fields, parse_object

PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_target"})
# A change that is merged already is reported, not judged.
JUDGED_EVENTS = PULL_REQUEST_EVENTS | {"merge_group"}
NO_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as described by its event.

    ``head_repository`` is empty if the fork was deleted, ``merge_sha`` if GitHub has not merged it with the base yet.
    """

    number: int
    author: str
    is_open: bool
    is_draft: bool
    head_sha: str
    head_ref: str
    head_repository: str
    base_sha: str
    base_ref: str
    merge_sha: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """The run of a ``workflow_run`` event. ``head_repository`` is empty if the fork was deleted."""

    id: int
    attempt: int
    event: str
    conclusion: str
    path: str
    head_sha: str
    head_branch: str
    head_repository: str
    actors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Event:
    """The event that started a run.

    ``name`` is GitHub's (``pull_request``, ``push`` …), ``action`` its activity type or empty. ``sha`` is the commit
    that was checked out. ``base_sha`` is the commit that the change is compared with, empty if there is none.
    ``actors`` are all accounts that took part: who pushed, who re-ran, who opened the pull request. ``branch`` is
    what was checked out if that is a branch, ``default_branch`` the repository's if the event names it. ``schedule``
    is the cron expression of a schedule.
    """

    name: str
    action: str
    repository: str
    sha: str
    base_sha: str
    actors: frozenset[str]
    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None
    branch: str = ""
    default_branch: str = ""
    schedule: str = ""

    @property
    def is_judged(self) -> bool:
        """Return whether the change is not merged yet."""
        return self.name in JUDGED_EVENTS

    @property
    def is_fork(self) -> bool:
        """Return whether the change comes from another repository, including a deleted one."""
        if self.pull_request is None:
            return False
        return self.pull_request.head_repository.lower() != self.repository.lower()


def read_event(environment: Mapping[str, str]) -> Event:
    """Read the event of this run from the runner's variables and the payload that they point to.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/variables and
    https://docs.github.com/webhooks/webhook-events-and-payloads. Raises ``LockstepError`` if they are missing or
    damaged.
    """
    name = required(environment, "GITHUB_EVENT_NAME")
    path = Path(required(environment, "GITHUB_EVENT_PATH"))
    try:
        payload = parse_object(path.read_bytes(), str(path))
    except OSError as error:
        raise LockstepError(f"the event cannot be read ({error.strerror})", where=str(path)) from error
    pull = pull_request(payload.child("pull_request")) if name in PULL_REQUEST_EVENTS else None
    return Event(
        name=name,
        action=payload.optional_text("action"),
        repository=required(environment, "GITHUB_REPOSITORY"),
        sha=environment.get("GITHUB_SHA", ""),
        base_sha=_base(name, payload, pull),
        actors=_actors(environment, payload, pull),
        pull_request=pull,
        workflow_run=_run(payload.child("workflow_run")) if name == "workflow_run" else None,
        branch=_branch(environment.get("GITHUB_REF", "")),
        default_branch=payload.optional_text("repository.default_branch"),
        schedule=payload.optional_text("schedule") if name == "schedule" else "",
    )


def required(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that every runner sets; raises ``LockstepError`` outside a job."""
    value = environment.get(name, "")
    if not value:
        raise LockstepError(
            f"{name} is not set", remedy="run this inside a GitHub Actions job, through the Action"
        )
    return value


def pull_request(fields: Fields) -> PullRequest:
    """Read a pull request from an event or an API response."""
    return PullRequest(
        number=fields.number("number"),
        author=fields.optional_text("user.login"),
        is_open=fields.optional_text("state") != "closed",
        is_draft=fields.flag("draft"),
        head_sha=fields.text("head.sha"),
        head_ref=fields.text("head.ref"),
        head_repository=fields.optional_text("head.repo.full_name"),
        base_sha=fields.text("base.sha"),
        base_ref=fields.text("base.ref"),
        merge_sha=fields.optional_text("merge_commit_sha"),
    )


def _run(fields: Fields) -> WorkflowRun:
    actors = {fields.optional_text("actor.login"), fields.optional_text("triggering_actor.login")}
    return WorkflowRun(
        id=fields.number("id"),
        attempt=fields.number("run_attempt"),
        event=fields.text("event"),
        conclusion=fields.optional_text("conclusion"),
        path=fields.optional_text("path"),
        head_sha=fields.text("head_sha"),
        head_branch=fields.optional_text("head_branch"),
        head_repository=fields.optional_text("head_repository.full_name"),
        actors=frozenset(actors - {""}),
    )


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def _base(name: str, payload: Fields, pull_request: PullRequest | None) -> str:
    if pull_request is not None:
        return pull_request.base_sha
    if name == "merge_group":
        return payload.text("merge_group.base_sha")
    before = payload.optional_text("before") if name == "push" else ""
    return "" if before == NO_COMMIT else before


def _actors(
    environment: Mapping[str, str], payload: Fields, pull_request: PullRequest | None
) -> frozenset[str]:
    actors = {
        environment.get("GITHUB_ACTOR", ""),
        environment.get("GITHUB_TRIGGERING_ACTOR", ""),
        payload.optional_text("sender.login"),
        pull_request.author if pull_request else "",
    }
    return frozenset(actors - {""})
