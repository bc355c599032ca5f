"""The trust gate, as a table."""

from __future__ import annotations

import pytest

from conda_lockstep.github.event.event import Event, PullRequest
from conda_lockstep.github.event.trust import may_build, may_comment


def event(
    name: str, head: str | None = None, actors: frozenset[str] = frozenset({"octocat"}), is_open: bool = True
) -> Event:
    pull = None
    if head is not None:
        pull = PullRequest(7, "octocat", is_open, False, "a" * 40, "change", head, "b" * 40, "main")
    return Event(name, "", "acme/train", "a" * 40, "", actors, pull)


OWN = event("pull_request", "acme/train")
FORK = event("pull_request", "stranger/train")
DELETED_FORK = event("pull_request", "")
DEPENDABOT = event("pull_request", "acme/train", frozenset({"octocat", "dependabot[bot]"}))

TABLE = [
    # event, built on a runner of one's own, built on GitHub's, commented
    (OWN, True, True, True),
    (FORK, False, True, False),
    (DELETED_FORK, False, True, False),
    (DEPENDABOT, False, True, False),
    (event("pull_request", "acme/train", is_open=False), True, True, False),
    (event("pull_request_target", "acme/train"), False, False, False),
    (event("pull_request_target", "stranger/train"), False, False, False),
    (event("workflow_run"), False, False, False),
    (event("issue_comment"), False, False, False),
    (event("something_new"), False, False, False),
    (event("push"), True, True, False),
    (event("push", actors=frozenset({"dependabot[bot]"})), False, True, False),
    (event("merge_group"), True, True, False),
    (event("schedule"), True, True, False),
    (event("workflow_dispatch"), True, True, False),
]


@pytest.mark.parametrize(("given", "own", "hosted", "comment"), TABLE)
def test_the_gate_opens_and_shuts_as_designed(given: Event, own: bool, hosted: bool, comment: bool) -> None:
    assert may_build(given, hosted=False).allowed is own
    assert may_build(given, hosted=True).allowed is hosted
    assert may_comment(given).allowed is comment


@pytest.mark.parametrize(("given", "own", "hosted", "comment"), TABLE)
def test_every_decision_gives_its_reason(given: Event, own: bool, hosted: bool, comment: bool) -> None:
    for decision in (may_build(given, hosted=own), may_build(given, hosted=hosted), may_comment(given)):
        assert decision.reason


def test_a_refusal_names_the_fork_only_where_its_name_is_plain() -> None:
    assert "the fork stranger/train" in may_build(FORK, hosted=False).reason
    hostile = event("pull_request", "a/b](https://evil.example) <!-- -->")
    assert "the pull request comes from a fork;" in may_build(hostile, hosted=False).reason
