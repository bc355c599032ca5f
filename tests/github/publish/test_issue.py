"""The one issue of the upstream watch, against a GitHub that holds real state."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.github.clock import Clock
from tests.support.github import BOT, FakeGitHub, Issue, Repository, Request, Token

from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.publish.comment import State, marked
from conda_lockstep.github.publish.issue import LABEL, Watch, keep

PERMISSIONS: Any = {"contents": "read", "issues": "write"}


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    github.token("t", Token(permissions=PERMISSIONS))
    return github.repository("acme/train")


@pytest.fixture
def client(github: FakeGitHub, repository: Repository) -> GitHub:
    return GitHub("acme/train", "t", github.url, Clock().patience())


def watch(
    found: str = "numpy 2.3.0 is out",
    *,
    day: int = 1,
    clean: bool = False,
    key: str = "upstream",
    failure: str = "",
) -> Watch:
    news = hashlib.sha256(f"{found} {failure}".encode()).hexdigest()[:12]
    state = State(key, news, 100 + day, 1)
    return Watch("Upstream has moved", found, f"Last look: day {day}", clean, BOT, state, failure)


MONTH = [
    # what a day finds, whether that is all well, the issue's state after it
    ("", True, None),
    ("", True, None),
    ("a release", False, "open"),
    ("a release", False, "open"),
    ("a release, a removal", False, "open"),
    ("all is well", True, "closed"),
    ("all is well", True, "closed"),
    ("a file was replaced", False, "open"),
    ("all is well", True, "closed"),
]


def test_an_issue_goes_with_the_days(client: GitHub, repository: Repository) -> None:
    for day, (found, clean, state) in enumerate(MONTH):
        assert keep(client, watch(found, day=day, clean=clean)).kind != "failed"
        assert [issue.state for issue in repository.issues.values()] == ([state] if state else []), day
        for issue in repository.issues.values():
            assert found in issue.body
            assert issue.body.rstrip().endswith(f"Last look: day {day}")
            assert issue.labels == (LABEL,)


def test_a_look_that_failed_leaves_what_was_found_before_and_when(
    client: GitHub, repository: Repository
) -> None:
    keep(client, watch("", day=1, failure="day 1: no channel answers"))
    assert "day 1: no channel answers" in repository.issues[1].body
    keep(client, watch("a release", day=2))
    assert "no channel answers" not in repository.issues[1].body
    for day in (3, 4):
        keep(client, watch("", day=day, failure=f"day {day}: no channel answers"))
        shown = repository.issues[1].body
        assert shown.index(f"day {day}: no channel") < shown.index("a release") < shown.index("look: day 2")
        assert shown.count("no channel answers") == 1
    keep(client, watch("a release", day=5, failure="day 5: one of two failed"))
    assert repository.issues[1].body.rstrip().endswith("Last look: day 5")


def test_what_a_user_closed_stays_closed_until_there_is_other_news(
    client: GitHub, repository: Repository
) -> None:
    keep(client, watch("a release", day=1))
    repository.issues[1].state, repository.issues[1].reason = "closed", "not_planned"
    keep(client, watch("a release", day=2))
    assert (repository.issues[1].state, repository.issues[1].reason) == ("closed", "not_planned")
    assert "day 2" in repository.issues[1].body
    keep(client, watch("another release", day=3))
    assert repository.issues[1].state == "open"


@pytest.mark.parametrize("clean", [False, True])
def test_a_label_that_a_user_took_away_makes_no_second_issue(
    client: GitHub, repository: Repository, clean: bool
) -> None:
    keep(client, watch("a release", day=1))
    repository.issues[1].labels = ("triage",)
    keep(client, watch("another release", day=2, clean=clean))
    assert list(repository.issues) == [1]
    assert repository.issues[1].labels == ("triage", LABEL)
    assert repository.issues[1].state == ("closed" if clean else "open")


def test_a_deleted_issue_comes_back(github: FakeGitHub, client: GitHub, repository: Repository) -> None:
    keep(client, watch(day=1))
    del repository.issues[1]
    assert keep(client, watch(day=2)).kind == "created"

    def delete(request: Request) -> None:
        if request.method == "GET":
            repository.issues.clear()
            github.between = lambda request: None

    github.between = delete
    assert keep(client, watch(day=3)).kind == "created"
    assert len(repository.issues) == 1


def test_a_quiet_day_notifies_nobody(github: FakeGitHub, client: GitHub, repository: Repository) -> None:
    keep(client, watch(day=1))
    github.requests.clear()
    keep(client, watch(day=2))
    assert [request.method for request in github.requests] == ["GET", "PATCH"]
    assert github.requests[-1].body.keys() == {"body"}


@pytest.mark.parametrize(
    "other",
    [
        Issue(1, "stranger", "Upstream has moved", marked(watch().state, "forged"), (LABEL,)),
        Issue(1, BOT, "Something else", "no marker", (LABEL,)),
        Issue(1, BOT, "Upstream has moved", marked(watch(key="other").state, "another workflow's"), (LABEL,)),
    ],
)
def test_an_issue_that_is_not_ours_is_left_alone(
    client: GitHub, repository: Repository, other: Issue
) -> None:
    before = other.body
    repository.issues[1] = other
    assert keep(client, watch()).kind == "created"
    assert (repository.issues[1].body, repository.issues[1].state) == (before, "open")


def test_a_label_that_is_there_is_taken(client: GitHub, repository: Repository) -> None:
    repository.labels.add(LABEL)
    assert keep(client, watch()).kind == "created"


def test_an_older_run_never_overwrites_a_newer_one(client: GitHub, repository: Repository) -> None:
    keep(client, watch("newer", day=2))
    assert keep(client, watch("older", day=1)).kind == "superseded"
    assert "newer" in repository.issues[1].body


def test_of_two_runs_that_race_one_issue_stays_open(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    def race(request: Request) -> None:
        if request.path.endswith("/labels"):
            repository.issues[1] = Issue(1, BOT, "x", marked(watch(day=0).state, "theirs"), (LABEL,))

    github.between = race
    keep(client, watch())
    assert {number: issue.state for number, issue in repository.issues.items()} == {1: "open", 2: "closed"}
    github.between = lambda request: None
    keep(client, watch("later", day=2))
    assert "later" in repository.issues[1].body


@pytest.mark.parametrize(
    "fault", [{"kind": "reset", "after": True}, {"status": 502, "after": True}, {"status": 502}]
)
def test_a_lost_answer_makes_no_second_issue(
    github: FakeGitHub, client: GitHub, repository: Repository, fault: dict[str, Any]
) -> None:
    github.fail(**fault, method="POST", path="/issues")
    assert keep(client, watch()).kind in ("created", "edited")
    assert len(repository.issues) == 1


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (403, "Resource not accessible by integration", "add 'issues: write'"),
        (404, "Not Found", "'issues: write'"),
        (410, "Issues has been disabled in this repository.", "has been disabled"),
    ],
)
def test_what_keeps_an_issue_from_being_written_is_reported(
    github: FakeGitHub, client: GitHub, repository: Repository, status: int, message: str, says: str
) -> None:
    github.fail(status=status, method="POST", body=f'{{"message": "{message}"}}'.encode(), times=9)
    outcome = keep(client, watch())
    assert outcome.kind == "failed"
    assert says in outcome.reason


def test_a_text_too_long_is_reported(client: GitHub, repository: Repository) -> None:
    assert "GitHub's limit is 65,536" in keep(client, watch("x" * 70_000)).reason
    assert repository.issues == {}
