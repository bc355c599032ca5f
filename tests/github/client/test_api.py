"""The client: what it asks GitHub, what it waits for, and what it says when GitHub refuses."""

from __future__ import annotations

import json
import time

import pytest
from tests.github.clock import START, Clock
from tests.support.github import BOT, FakeGitHub, PullRequest, Token

from conda_lockstep.github.client.api import GitHub, GitHubError

COMMENTS = "/issues/7/comments"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(github: FakeGitHub, clock: Clock) -> GitHub:
    repository = github.repository("acme/train")
    repository.pulls[7] = PullRequest(7, head_sha="a" * 40, base_sha="b" * 40, head_repository="acme/train")
    return GitHub("acme/train", github.token("t"), github.url, clock.patience())


def fail_comments(github: FakeGitHub, status: int, message: str = "", times: int = 1, **headers: str) -> None:
    body = json.dumps({"message": message}).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    github.fail(status=status, headers=names, body=body, path=COMMENTS, times=times)


def test_a_comment_is_posted_read_edited_and_deleted(client: GitHub) -> None:
    posted = client.create_comment(7, "one")
    assert (posted.author, posted.body) == (BOT, "one")
    assert client.edit_comment(posted.id, "two").body == "two"
    assert [item.body for item in client.comments(7)] == ["two"]
    client.delete_comment(posted.id)
    assert client.comments(7) == []


def test_all_pages_of_comments_are_read(github: FakeGitHub, client: GitHub) -> None:
    for index in range(250):
        github.state.comment(github.repository("acme/train"), 7, "octocat", str(index))
    assert [item.body for item in client.comments(7)] == [str(index) for index in range(250)]
    assert len(github.requests) == 3


def test_deleting_what_is_gone_is_no_error(client: GitHub) -> None:
    client.delete_comment(123)


def test_a_file_is_read_at_a_commit(github: FakeGitHub, client: GitHub) -> None:
    github.repository("acme/train").files["c0ffee", "envs/gpu env #1.yml"] = b"\xffbytes"
    assert client.file("envs/gpu env #1.yml", "c0ffee") == b"\xffbytes"
    assert client.file("nothing.yml", "c0ffee") is None


def test_the_head_of_a_pull_request_is_read(client: GitHub) -> None:
    assert client.head_of(7) == "a" * 40


def test_a_personal_token_says_whose_it_is(github: FakeGitHub, clock: Clock) -> None:
    github.token("personal", Token(login="octocat", installation=False))
    assert GitHub("acme/train", "personal", github.url, clock.patience()).login() == "octocat"


def test_no_token_is_taken_from_the_environment(
    github: FakeGitHub, client: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "GITHUB_JWT_TOKEN"):
        monkeypatch.setenv(name, "somebody-else")
    client.comments(7)
    assert github.requests[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("status", "message", "headers", "waits"),
    [
        (429, "", {"retry_after": "7"}, [7.0]),
        (403, "", {"retry_after": "9"}, [9.0]),
        (403, "", {"x_ratelimit_remaining": "0", "x_ratelimit_reset": f"{START + 30:.0f}"}, [31.0]),
        (403, "You have exceeded a secondary rate limit", {}, [60.0]),
        (429, "", {}, [60.0]),
        (500, "", {}, [1.0]),
        (503, "", {"retry_after": "4"}, [4.0]),
        (502, "<html>Unicorn!</html>", {"content_type": "text/html"}, [1.0]),
    ],
)
def test_a_passing_refusal_is_waited_out_by_githubs_rules(
    github: FakeGitHub,
    client: GitHub,
    clock: Clock,
    status: int,
    message: str,
    headers: dict[str, str],
    waits: list[float],
) -> None:
    fail_comments(github, status, message, **headers)
    assert client.comments(7) == []
    assert clock.slept == waits


def test_secondary_limits_are_waited_out_for_longer_each_time(
    github: FakeGitHub, client: GitHub, clock: Clock
) -> None:
    fail_comments(github, 403, "You have exceeded a secondary rate limit", times=2)
    client.comments(7)
    assert clock.slept == [60.0, 120.0]


def test_waiting_ends_with_the_patience(github: FakeGitHub, client: GitHub, clock: Clock) -> None:
    fail_comments(github, 429, times=9)
    with pytest.raises(GitHubError, match="limits this token's requests, retry after 120 s") as caught:
        client.patience = clock.patience(total=100)
        client.comments(7)
    assert sum(clock.slept) <= 100
    assert caught.value.status == 429


def test_a_wait_longer_than_the_patience_is_not_begun(
    github: FakeGitHub, client: GitHub, clock: Clock
) -> None:
    fail_comments(github, 403, x_ratelimit_remaining="0", x_ratelimit_reset=f"{START + 3000:.0f}")
    with pytest.raises(GitHubError, match="retry after 3001 s"):
        client.comments(7)
    assert clock.slept == []


def test_tries_are_bounded(github: FakeGitHub, client: GitHub, clock: Clock) -> None:
    fail_comments(github, 500, times=99)
    with pytest.raises(GitHubError, match="GitHub answered 500"):
        client.comments(7)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_missing_permission_is_named(github: FakeGitHub, client: GitHub, clock: Clock) -> None:
    github.token("t", Token(permissions={"contents": "read", "pull_requests": "read"}))
    with pytest.raises(GitHubError) as caught:
        client.create_comment(7, "hello")
    assert "could not post a comment in acme/train" in str(caught.value)
    assert "add 'pull-requests: write' to the job's permissions" in str(caught.value)
    assert (caught.value.status, clock.slept) == (403, [])


def test_a_permission_that_github_names_is_passed_on(github: FakeGitHub, client: GitHub) -> None:
    message = "Resource not accessible by personal access token"
    accepted = "issues=write,metadata=read"
    github.fail(
        status=403, path=COMMENTS, body=json.dumps({"message": message}).encode(),
        headers={"X-Accepted-GitHub-Permissions": accepted},
    )  # fmt: skip
    with pytest.raises(GitHubError, match="add 'issues: write, metadata: read'"):
        client.comments(7)


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (401, "Bad credentials", r"401 \(Bad credentials\); pass a valid token"),
        (403, "Unable to create comment because issue is locked.", r"issue is locked.\)$"),
        (404, "Not Found", "the token may lack 'pull-requests: read'"),
        (409, "Conflict", r"GitHub answered 409 \(Conflict\)"),
        (410, "Gone", "GitHub answered 410"),
        (422, "Validation Failed", r"GitHub answered 422 \(Validation Failed\)"),
    ],
)
def test_a_plain_refusal_is_final(
    github: FakeGitHub, client: GitHub, clock: Clock, status: int, message: str, says: str
) -> None:
    fail_comments(github, status, message)
    with pytest.raises(GitHubError, match=says):
        client.comments(7)
    assert clock.slept == []
    assert len(github.requests) == 1


def test_a_comment_over_the_limit_is_refused(client: GitHub) -> None:
    assert client.create_comment(7, "x" * 65_536)
    with pytest.raises(GitHubError, match="422"):
        client.create_comment(7, "x" * 65_537)


def test_a_cut_connection_is_tried_again(github: FakeGitHub, client: GitHub, clock: Clock) -> None:
    github.fail(kind="reset", path=COMMENTS)
    assert client.comments(7) == []
    assert clock.slept == [1.0]


def test_silence_is_given_up_after_the_time_for_an_answer(
    github: FakeGitHub, client: GitHub, clock: Clock
) -> None:
    client.patience = clock.patience(answer=1.0, tries=1)
    github.fail(kind="hang", path=COMMENTS)
    began = time.monotonic()
    with pytest.raises(GitHubError, match="no answer"):
        client.comments(7)
    assert time.monotonic() - began < 5


def test_an_answer_that_drips_is_given_up_after_the_time_for_a_whole_one(
    github: FakeGitHub, client: GitHub, clock: Clock
) -> None:
    """Each byte comes in time, and the last would come after a quarter of an hour."""
    client.patience = clock.patience(answer=1.0, whole=1.0, tries=2)
    github.fail(kind="drip", path=COMMENTS, times=2)
    began = time.monotonic()
    with pytest.raises(GitHubError, match=r"no answer \(the answer was incomplete after 1 s\)") as caught:
        client.comments(7)
    assert time.monotonic() - began < 5
    assert caught.value.executed
    assert client.comments(7) == []


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"status": 502}])
def test_a_post_that_may_have_worked_is_not_sent_again(
    github: FakeGitHub, client: GitHub, fault: dict[str, object]
) -> None:
    github.fail(**fault, method="POST", after=True)
    with pytest.raises(GitHubError) as caught:
        client.create_comment(7, "once")
    assert caught.value.executed
    assert [item.body for item in client.comments(7)] == ["once"]


def test_a_post_that_was_refused_for_its_rate_is_sent_again(github: FakeGitHub, client: GitHub) -> None:
    fail_comments(github, 403, retry_after="1")
    client.create_comment(7, "once")
    assert len(client.comments(7)) == 1


def test_an_enterprise_host_is_asked_below_its_own_path(github: FakeGitHub, client: GitHub) -> None:
    enterprise = GitHub("acme/train", "t", f"{github.url}/api/v3", client.patience)
    assert enterprise.comments(7) == []
    assert github.requests[0].path == "/api/v3/repos/acme/train/issues/7/comments"


def test_a_closed_door_is_reported_in_one_line(clock: Clock) -> None:
    client = GitHub("acme/train", "t", "http://127.0.0.1:9", clock.patience())
    with pytest.raises(GitHubError) as caught:
        client.create_comment(7, "hello")
    assert "no answer (ConnectError" in str(caught.value)
    assert not caught.value.executed
    assert len(clock.slept) == 5


def test_an_answer_that_is_no_json_is_reported(github: FakeGitHub, client: GitHub) -> None:
    github.fail(status=200, headers={"Content-Type": "text/html"}, body=b"<html>Log in</html>")
    with pytest.raises(Exception, match="not JSON"):
        client.comments(7)


def test_the_token_is_never_shown(client: GitHub) -> None:
    assert "token" not in repr(GitHub("a/b", "secret-token"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_repository_that_was_renamed_is_followed_with_method_and_body(
    github: FakeGitHub, client: GitHub, status: int
) -> None:
    location = "/repos/acme/train/issues/7/comments"
    github.fail(status=status, headers={"Location": location}, method="POST")
    assert client.create_comment(7, "moved").body == "moved"
    assert [request.headers["authorization"] for request in github.sent("POST")] == ["Bearer t"] * 2


def test_redirects_without_end_are_given_up(github: FakeGitHub, client: GitHub, clock: Clock) -> None:
    github.fail(status=301, headers={"Location": COMMENTS}, path=COMMENTS, times=99)
    with pytest.raises(GitHubError, match="GitHub answered 301"):
        client.comments(7)
    assert len(github.requests) == 4


def test_a_token_and_a_text_are_sent_to_no_other_host(github: FakeGitHub, client: GitHub) -> None:
    github.fail(status=307, headers={"Location": "https://evil.example/"}, method="POST")
    with pytest.raises(GitHubError, match="redirects to another host"):
        client.create_comment(7, "secret")


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "hang"}, {"status": 502}])
def test_a_redirect_that_fails_is_a_failure_like_any(
    github: FakeGitHub, client: GitHub, clock: Clock, fault: dict[str, object]
) -> None:
    client.patience = clock.patience(answer=1.0)
    github.fail(status=307, headers={"Location": "/repos/acme/train/issues/7/comments"}, path=COMMENTS)
    github.fail(**fault, path=COMMENTS)
    assert client.comments(7) == []
    assert clock.slept == [1.0]
