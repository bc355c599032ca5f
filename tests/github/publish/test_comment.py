"""The sticky comment, against a GitHub that holds real state."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading

import pytest
from tests.github.clock import Clock
from tests.support.act import ROOT
from tests.support.github import BOT, Comment, FakeGitHub, PullRequest, Repository, Request, Token

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.publish.comment import (
    BODY_LIMIT,
    CommentOutcome,
    Draft,
    State,
    compose,
    publish,
    read_state,
)

HEAD = "a" * 40


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    repository = github.repository("acme/train")
    repository.pulls[7] = PullRequest(7, head_sha=HEAD, base_sha="b" * 40, head_repository="acme/train")
    repository.pulls[8] = PullRequest(8, head_sha=HEAD, base_sha="b" * 40, head_repository="acme/train")
    return repository


@pytest.fixture
def client(github: FakeGitHub, repository: Repository) -> GitHub:
    return GitHub("acme/train", github.token("t"), github.url, Clock().patience())


def draft(body: str = "first", run: int = 100, attempt: int = 1, key: str = "check") -> Draft:
    state = State(key=key, environment="ls1-0123456789ab", run=run, attempt=attempt)
    return Draft(number=7, head_sha=HEAD, author=BOT, body=body, state=state)


def bodies(repository: Repository) -> list[str]:
    read = [read_state(comment.body) for _, comment in sorted(repository.comments.items())]
    return [item[1].strip() for item in read if item is not None]


def plant(github: FakeGitHub, repository: Repository, text: str, login: str = BOT) -> Comment:
    return github.state.comment(repository, 7, login, text)


def test_a_first_run_posts_and_a_second_edits(client: GitHub, repository: Repository) -> None:
    created = publish(client, draft("first"))
    edited = publish(client, draft("second", run=101))
    assert (created.kind, edited.kind) == ("created", "edited")
    assert created.url == edited.url
    assert bodies(repository) == ["second"]


def test_nothing_is_written_when_nothing_changed(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    publish(client, draft("same"))
    github.requests.clear()
    assert publish(client, draft("same\r\n", run=101)).kind == "unchanged"
    assert [str(request) for request in github.requests] == ["GET /repos/acme/train/issues/7/comments"]


def test_a_text_that_a_user_edited_is_put_right(client: GitHub, repository: Repository) -> None:
    publish(client, draft("right"))
    [comment] = repository.comments.values()
    comment.body = comment.body.replace("right", "wrong")
    assert publish(client, draft("right", run=101)).kind == "edited"
    assert bodies(repository) == ["right"]


@pytest.mark.parametrize(("run", "attempt"), [(99, 1), (99, 5), (100, 1)])
def test_an_older_run_never_overwrites_a_newer_one(
    client: GitHub, repository: Repository, run: int, attempt: int
) -> None:
    publish(client, draft("newer", run=100, attempt=2))
    outcome = publish(client, draft("older", run=run, attempt=attempt))
    assert (outcome.kind, outcome.reason) == ("superseded", "run 100 is newer")
    assert bodies(repository) == ["newer"]


def test_a_later_attempt_of_the_same_run_overwrites(client: GitHub, repository: Repository) -> None:
    publish(client, draft("once", attempt=1))
    publish(client, draft("again", attempt=2))
    assert bodies(repository) == ["again"]


@pytest.mark.parametrize("has_comment", [False, True])
def test_a_run_of_an_outdated_commit_is_silent(
    client: GitHub, repository: Repository, has_comment: bool
) -> None:
    if has_comment:
        publish(client, draft("before"))
    repository.pulls[7].head_sha = "d" * 40
    outcome = publish(client, draft("late", run=101))
    assert (outcome.kind, outcome.reason) == ("superseded", "the pull request has a newer commit")
    assert bodies(repository) == (["before"] if has_comment else [])


def test_our_comment_is_found_among_hundreds(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    for index in range(150):
        plant(github, repository, f"chatter {index}", "octocat")
    publish(client, draft("first"))
    for index in range(100):
        plant(github, repository, f"more chatter {index}", "octocat")
    assert publish(client, draft("second", run=101)).kind == "edited"
    assert bodies(repository) == ["second"]


def test_a_marker_forged_by_another_user_is_ignored(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    forged = plant(github, repository, compose(draft("forged", run=999_999)), "stranger")
    assert publish(client, draft("ours")).kind == "created"
    assert forged.body == compose(draft("forged", run=999_999))
    assert bodies(repository) == ["forged", "ours"]


@pytest.mark.parametrize(
    "text",
    [
        "> <!-- conda-lockstep {} -->\nquoted",
        "text first\n" + compose(draft("not at the start", run=999)),
        "<!-- conda-lockstep {not json} -->\nx",
        '<!-- conda-lockstep {"schema":2,"key":"check","environment":"","run":1,"attempt":1} -->\nx',
        '<!-- conda-lockstep {"schema":1,"key":"check"} -->\nx',
        '<!-- conda-lockstep {"schema":1,"key":"check","environment":"","run":"1","attempt":1} -->\nx',
        "<!-- conda-lockstep " + "{" * 400 + "} -->\nx",
    ],
)
def test_what_only_resembles_our_marker_is_left_alone(
    github: FakeGitHub, client: GitHub, repository: Repository, text: str
) -> None:
    other = plant(github, repository, text)
    assert publish(client, draft("ours")).kind == "created"
    assert other.body == text


def test_duplicates_heal_to_the_newest(github: FakeGitHub, client: GitHub, repository: Repository) -> None:
    for run in (90, 95, 91):
        plant(github, repository, compose(draft(f"run {run}", run=run)))
    assert publish(client, draft("now")).kind == "edited"
    assert bodies(repository) == ["now"]


def test_comments_of_another_workflow_are_another_matter(client: GitHub, repository: Repository) -> None:
    publish(client, draft("one", key="check"))
    publish(client, draft("two", key="nightly"))
    publish(client, draft("three", key="check", run=101))
    assert bodies(repository) == ["three", "two"]


def test_a_deleted_comment_comes_back(client: GitHub, repository: Repository) -> None:
    publish(client, draft("first"))
    repository.comments.clear()
    assert publish(client, draft("first", run=101)).kind == "created"


def test_a_comment_deleted_between_look_and_edit_comes_back(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    publish(client, draft("first"))

    def delete_before_the_edit(request: Request) -> None:
        if str(request).endswith("/pulls/7"):
            repository.comments.clear()

    github.between = delete_before_the_edit
    assert publish(client, draft("second", run=101)).kind == "created"
    assert bodies(repository) == ["second"]


@pytest.mark.parametrize(
    "fault", [{"kind": "reset"}, {"status": 502, "headers": {"content-type": "text/html"}}]
)
def test_a_post_whose_answer_was_lost_is_found_again(
    github: FakeGitHub, client: GitHub, repository: Repository, fault: dict[str, object]
) -> None:
    github.fail(**fault, method="POST", after=True)
    assert publish(client, draft("once")).kind == "unchanged"
    assert bodies(repository) == ["once"]


def test_a_runner_killed_after_its_post_leaves_one_comment(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    posted = threading.Event()
    github.fail(kind="hang", method="POST", after=True)
    github.between = lambda request: posted.set() if request.method == "POST" else None
    script = (
        "from tests.github.publish.test_comment import GitHub, draft, publish\n"
        f"publish(GitHub('acme/train', 't', {github.url!r}), draft('once'))"
    )
    runner = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    assert posted.wait(60)
    runner.kill()
    runner.wait(timeout=30)
    assert publish(client, draft("once", attempt=2)).kind == "unchanged"
    assert bodies(repository) == ["once"]


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"status": 500}])
def test_a_post_that_was_lost_is_made_good(
    github: FakeGitHub, client: GitHub, repository: Repository, fault: dict[str, object]
) -> None:
    github.fail(**fault, method="POST")
    assert publish(client, draft("once")).kind == "created"
    assert bodies(repository) == ["once"]


def test_a_conflict_is_looked_at_again(github: FakeGitHub, client: GitHub, repository: Repository) -> None:
    publish(client, draft("first"))
    github.fail(status=409, method="PATCH")
    assert publish(client, draft("second", run=101)).kind == "edited"


def test_a_conflict_without_end_is_given_up(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    publish(client, draft("first"))
    github.fail(status=409, method="PATCH", times=99)
    assert publish(client, draft("second", run=101)) == CommentOutcome(
        "failed", reason="the comment kept changing during the update"
    )


@pytest.mark.parametrize(
    ("other_run", "kind", "left"), [(99, "created", "ours"), (101, "superseded", "theirs")]
)
def test_of_two_runs_that_race_the_newer_stays(
    github: FakeGitHub, client: GitHub, repository: Repository, other_run: int, kind: str, left: str
) -> None:
    def race(request: Request) -> None:
        if request.method == "POST":
            plant(github, repository, compose(draft("theirs", run=other_run)))

    github.between = race
    assert publish(client, draft("ours", run=100)).kind == kind
    assert bodies(repository) == [left]


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (Token(permissions={"pull_requests": "read"}), "add 'pull-requests: write' to the job's permissions"),
        (None, "401 (Bad credentials); pass a valid token"),
    ],
)
def test_a_failure_to_comment_is_reported_not_raised(
    github: FakeGitHub, client: GitHub, repository: Repository, token: Token | None, says: str
) -> None:
    if token is None:
        del github.state.tokens["t"]
    else:
        github.token("t", token)
    outcome = publish(client, draft())
    assert outcome.kind == "failed"
    assert says in outcome.reason


def test_a_comment_written_as_another_user_says_what_to_set(
    github: FakeGitHub, client: GitHub, repository: Repository
) -> None:
    github.token("t", Token(login="lockstep-app[bot]"))
    assert publish(client, draft()).reason.endswith("pass 'author: lockstep-app[bot]'")


def test_the_longest_body_fits_and_a_longer_one_is_refused(client: GitHub, repository: Repository) -> None:
    assert publish(client, draft("é" * BODY_LIMIT)).kind == "created"
    outcome = publish(client, draft("x" * 65_536))
    assert outcome.kind == "failed"
    assert "GitHub's limit is 65,536" in outcome.reason


def test_the_marker_holds_nothing_that_could_end_it() -> None:
    hostile = dataclasses.replace(draft().state, environment="--> <b>")
    with pytest.raises(LockstepError, match="hidden state"):
        compose(dataclasses.replace(draft(), state=hostile))


def test_what_is_composed_reads_back() -> None:
    assert read_state(compose(draft("text"))) == (draft().state, "text\n")
