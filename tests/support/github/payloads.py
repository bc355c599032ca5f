"""Event payloads as GitHub sends them: its published examples, overlaid with what a test is about."""

from __future__ import annotations

import functools
import json
from typing import Any

from tests.support.github.description import load
from tests.support.github.npm import member

PACKAGE = "@octokit/webhooks-examples"
VERSION = "7.6.1"
REPOSITORY = "acme/train"
HEAD = "a" * 40
BASE = "b" * 40


def pull_request(
    action: str = "opened",
    *,
    number: int = 7,
    head_repository: str | None = REPOSITORY,
    head_sha: str = HEAD,
    base_sha: str = BASE,
    author: str = "octocat",
    sender: str = "octocat",
    draft: bool = False,
    repository: str = REPOSITORY,
) -> dict[str, Any]:
    """A ``pull_request`` payload; ``head_repository`` None is a fork that was deleted."""
    payload = example("pull_request", action)
    pull = payload["pull_request"]
    payload["number"] = pull["number"] = number
    pull |= {"draft": draft, "state": "closed" if action == "closed" else "open"}
    pull["user"]["login"] = author
    pull["head"] |= {"sha": head_sha, "ref": "change"}
    pull["base"] |= {"sha": base_sha, "ref": "main"}
    _rename(pull["base"]["repo"], repository)
    if head_repository is None:
        pull["head"]["repo"] = None
    else:
        _rename(pull["head"]["repo"], head_repository)
        pull["head"]["repo"]["fork"] = head_repository != repository
    return _common(payload, sender, repository)


def push(
    *,
    after: str = HEAD,
    before: str = BASE,
    ref: str = "refs/heads/main",
    sender: str = "octocat",
    repository: str = REPOSITORY,
) -> dict[str, Any]:
    """A ``push`` payload."""
    payload = example("push")
    payload |= {"after": after, "before": before, "ref": ref, "created": before == "0" * 40}
    return _common(payload, sender, repository)


def merge_group(*, head_sha: str = HEAD, base_sha: str = BASE, base_ref: str = "main") -> dict[str, Any]:
    """A ``merge_group`` payload: a queue asks for the checks of what it would merge."""
    payload = example("merge_group", "checks_requested")
    payload["merge_group"] |= {
        "head_sha": head_sha,
        "base_sha": base_sha,
        "base_ref": f"refs/heads/{base_ref}",
    }
    return _common(payload, "octocat", REPOSITORY)


def workflow_run(
    run: int = 555,
    *,
    attempt: int = 1,
    conclusion: str = "success",
    event: str = "pull_request",
    head_sha: str = HEAD,
    head_branch: str = "change",
    head_repository: str | None = "stranger/train",
    actor: str = "stranger",
) -> dict[str, Any]:
    """A ``workflow_run`` payload of a run that has ended."""
    payload = example("workflow_run", "completed")
    value = payload["workflow_run"]
    value |= {"id": run, "run_attempt": attempt, "conclusion": conclusion, "event": event}
    value |= {"head_sha": head_sha, "head_branch": head_branch, "pull_requests": []}
    value |= {"path": ".github/workflows/environment.yml"}
    value["actor"] |= {"login": actor}
    value["triggering_actor"] = {**value["actor"]}
    _rename(value["repository"], REPOSITORY)
    if head_repository is None:
        value["head_repository"] = None
    else:
        _rename(value["head_repository"], head_repository)
    return _common(payload, actor, REPOSITORY)


def other(name: str, action: str = "", *, sender: str = "octocat") -> dict[str, Any]:
    """The payload of an event of which only the name matters."""
    if name == "schedule":
        # Schedules are no webhook: GitHub documents no more than this field.
        return {"schedule": "17 4 * * 1"}
    return _common(example(name, action), sender, REPOSITORY)


def example(name: str, action: str = "") -> dict[str, Any]:
    """A fresh copy of GitHub's example of this event."""
    schema = "-".join(["webhook", *(part.replace("_", "-") for part in (name, action) if part)])
    candidates = [item for item in _examples()[name] if not action or item.get("action") == action]
    valid = [item for item in candidates if not list(load().payload_violations(schema, item))]
    copied: dict[str, Any] = json.loads(json.dumps((valid or candidates)[0]))
    return copied


@functools.cache
def _examples() -> dict[str, list[dict[str, Any]]]:
    index = member(PACKAGE, VERSION, "api.github.com/index.json")
    return {event["name"]: event["examples"] for event in json.loads(index.read_bytes())}


def _common(payload: dict[str, Any], sender: str, repository: str) -> dict[str, Any]:
    payload["sender"]["login"] = sender
    _rename(payload["repository"], repository)
    payload["repository"]["default_branch"] = "main"
    return payload


def _rename(repository: dict[str, Any], full_name: str) -> None:
    owner, name = full_name.split("/")
    repository |= {"full_name": full_name, "name": name}
    repository["owner"]["login"] = owner
