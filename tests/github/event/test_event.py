"""Reading what happened, from payloads as GitHub sends them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.github import UnavailableError, payloads

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.event import Event, read_event


@pytest.fixture(autouse=True)
def _published_examples() -> None:
    try:
        payloads.example("push")
    except UnavailableError as error:
        pytest.skip(str(error))


def variables(folder: Path, name: str, payload: dict[str, Any], **more: str) -> dict[str, str]:
    path = folder / "event.json"
    path.write_text(json.dumps(payload))
    runner = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), "GITHUB_REPOSITORY": "acme/train"}
    return {**runner, "GITHUB_ACTOR": "octocat", "GITHUB_SHA": "c" * 40, **more}


def read(folder: Path, name: str, payload: dict[str, Any]) -> Event:
    return read_event(variables(folder, name, payload))


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review", "closed"])
def test_a_pull_request_is_read(tmp_path: Path, action: str) -> None:
    event = read(tmp_path, "pull_request", payloads.pull_request(action))
    assert (event.name, event.action, event.repository, event.sha) == (
        "pull_request", action, "acme/train", "c" * 40,
    )  # fmt: skip
    assert event.pull_request is not None
    assert event.pull_request.number == 7
    assert (event.pull_request.head_sha, event.pull_request.base_sha) == (payloads.HEAD, payloads.BASE)
    assert (event.pull_request.head_ref, event.pull_request.base_ref) == ("change", "main")
    assert event.pull_request.is_open == (action != "closed")
    assert event.base_sha == payloads.BASE
    assert not event.is_fork


def test_a_draft_is_reported(tmp_path: Path) -> None:
    event = read(tmp_path, "pull_request", payloads.pull_request(draft=True))
    assert event.pull_request is not None
    assert event.pull_request.is_draft


@pytest.mark.parametrize("head", ["stranger/train", "acme/other", None])
def test_another_repository_or_a_deleted_one_is_a_fork(tmp_path: Path, head: str | None) -> None:
    assert read(tmp_path, "pull_request", payloads.pull_request(head_repository=head)).is_fork


def test_a_repository_name_is_the_same_in_any_case(tmp_path: Path) -> None:
    assert not read(tmp_path, "pull_request", payloads.pull_request(head_repository="Acme/Train")).is_fork


def test_all_who_had_a_hand_in_it_are_named(tmp_path: Path) -> None:
    payload = payloads.pull_request(author="alice", sender="bob")
    event = read_event(variables(tmp_path, "pull_request", payload, GITHUB_TRIGGERING_ACTOR="carol"))
    assert event.actors == {"alice", "bob", "carol", "octocat"}


def test_a_push_is_measured_against_what_was_there_before(tmp_path: Path) -> None:
    assert read(tmp_path, "push", payloads.push()).base_sha == payloads.BASE
    assert read(tmp_path, "push", payloads.push(before="0" * 40)).base_sha == ""


@pytest.mark.parametrize(
    ("name", "action", "has_base"),
    [
        ("merge_group", "checks_requested", True),
        ("workflow_run", "completed", False),
        ("workflow_dispatch", "", False),
        ("schedule", "", False),
        ("issue_comment", "created", False),
    ],
)
def test_other_events_are_read(tmp_path: Path, name: str, action: str, has_base: bool) -> None:
    event = read(tmp_path, name, payloads.other(name, action))
    assert (event.name, event.pull_request, bool(event.base_sha)) == (name, None, has_base)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not json", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "'pull_request' is not an object"),
        ('{"pull_request": {"number": "7"}}', "'number' is not a whole number"),
        ('{"pull_request": {"number": true}}', "'number' is not a whole number"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_damaged_payload_is_one_clear_line(tmp_path: Path, content: str, says: str) -> None:
    environment = variables(tmp_path, "pull_request", {})
    (tmp_path / "event.json").write_text(content)
    with pytest.raises(LockstepError, match=says) as caught:
        read_event(environment)
    assert "event.json" in str(caught.value)


def test_outside_of_actions_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        LockstepError, match="GITHUB_EVENT_NAME is not set; run this inside a GitHub Actions job"
    ):
        read_event({})
    environment = variables(tmp_path, "push", {}) | {"GITHUB_EVENT_PATH": str(tmp_path / "gone.json")}
    with pytest.raises(LockstepError, match="No such file"):
        read_event(environment)


def test_a_run_by_hand_or_by_schedule_knows_its_branch(tmp_path: Path) -> None:
    payload = payloads.other("workflow_dispatch")
    payload["repository"]["default_branch"] = "trunk"
    given = variables(tmp_path, "workflow_dispatch", payload, GITHUB_REF="refs/heads/feature/a")
    event = read_event(given)
    assert (event.branch, event.default_branch, event.schedule) == ("feature/a", "trunk", "")
    given = variables(tmp_path, "schedule", payloads.other("schedule"), GITHUB_REF="refs/tags/v1")
    event = read_event(given)
    assert (event.branch, event.default_branch, event.schedule) == ("", "", "17 4 * * 1")
