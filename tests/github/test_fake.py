"""The fake GitHub: it sees what GitHub would not have understood."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.github import FakeGitHub, PullRequest, UnavailableError, running

HEADERS = {
    "user-agent": "test",
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "content-type": "application/json",
    "authorization": "Bearer t",
}
COMMENTS = "/repos/acme/train/issues/7/comments"


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    try:
        with running() as github:
            github.repository("acme/train").pulls[7] = PullRequest(7, "a" * 40, "b" * 40, "acme/train")
            github.token("t")
            yield github
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "violation"),
    [
        ("GET", COMMENTS, {"user-agent": ""}, None, "without a User-Agent"),
        ("GET", COMMENTS, {"x-github-api-version": "1"}, None, "X-GitHub-Api-Version is '1'"),
        ("GET", COMMENTS + "?per-page=5", {}, None, "unknown query parameter 'per-page'"),
        ("GET", COMMENTS + "?page=first", {}, None, "'first' is not of type 'integer'"),
        ("POST", COMMENTS, {}, {"text": "hi"}, "'body' is a required property"),
        ("POST", COMMENTS, {}, {"body": "hi", "labels": []}, "unknown body field 'labels'"),
        ("POST", COMMENTS, {}, None, "the body is missing"),
        ("GET", "/repos/acme/train/comments/7", {}, None, "is not served"),
    ],
)
def test_what_github_does_not_describe_is_noted(
    fake: FakeGitHub, method: str, target: str, headers: dict[str, str], body: object, violation: str
) -> None:
    sent = b"" if body is None else json.dumps(body).encode()
    fake.answer(method, target, HEADERS | headers, sent)
    assert any(violation in item for item in fake.violations), fake.violations


def test_an_answer_that_breaks_the_description_is_noted(fake: FakeGitHub) -> None:
    operation = fake.description.operation("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments")
    comment = fake.description.example("issue-comment")
    for broken in ({"id": "42"}, {"created_at": "yesterday"}, {"user": {"login": "octocat"}}):
        assert list(fake.description.answer_violations(operation, 200, [{**comment, **broken}]))
    assert not list(fake.description.answer_violations(operation, 200, [{**comment, "user": None}]))


def test_what_is_described_passes(fake: FakeGitHub) -> None:
    for target in (COMMENTS, "/repos/acme/train", "/repos/acme/train/pulls/7"):
        assert fake.answer("GET", target, HEADERS, b"").status == 200
    assert fake.answer("POST", COMMENTS, HEADERS, b'{"body": "hi"}').status == 201
    assert fake.violations == []


def test_pages_are_linked(fake: FakeGitHub) -> None:
    for _ in range(5):
        fake.state.comment(fake.repository("acme/train"), 7, "octocat", "hi")
    answer = fake.answer("GET", COMMENTS + "?per_page=2&page=2", HEADERS, b"")
    assert len(answer.body) == 2
    assert [part.split("rel=")[1] for part in answer.headers["Link"].split(", ")] == [
        '"prev"', '"next"', '"last"', '"first"',
    ]  # fmt: skip
