"""The pull request with fresh locks, against a GitHub whose branches and commits are git's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.github.clock import Clock
from tests.support.github import BOT, FakeGitHub, Request, Token
from tests.support.repository import Repository

from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.publish.comment import State
from conda_lockstep.github.publish.pull_request import Refresh, refresh

BRANCH = "conda-lockstep/refresh-main"
PERMISSIONS: Any = {"contents": "write", "pull_requests": "write", "actions": "write"}
PAGE = "https://github.com/acme/train"


class World:
    """A repository on GitHub, a clone of it, and the run that refreshes its locks."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.github = github
        github.token("t", Token(permissions=PERMISSIONS))
        self.remote = github.repository("acme/train")
        self.clone = Repository(folder / "clone")
        self.clone.commit({"conda-lock.yml": "old\n", "gone.conda-lock.yml": "gone\n", "train.py": "x = 1\n"})
        self.clone.git("clone", "--quiet", "--bare", ".", str(folder / "origin.git"))
        self.clone.git("remote", "add", "origin", str(folder / "origin.git"))
        self.remote.git = folder / "origin.git"
        self.remote.workflows.add("environment.yml")
        self.client = GitHub("acme/train", "t", github.url, Clock().patience())
        self.run = 100

    def refresh(self, text: str = "new\n", content: str = "", **changes: Any) -> Any:
        self.run += 1
        files = {"conda-lock.yml": text, "envs/gpu.conda-lock.yml": "gpu\n", "gone.conda-lock.yml": None}
        wanted = Refresh(
            page=PAGE,
            base="main",
            base_sha=self.clone.git("rev-parse", "main"),
            branch=BRANCH,
            files=files,
            title="Refresh",
            body=f"what is in {text!r}",
            author=BOT,
            state=State("upstream", content or f"c{text.strip()}", self.run, 1),
            checks=("environment.yml",),
        )
        return refresh(self.client, dataclasses.replace(wanted, **changes))

    def on_branch(self, *arguments: str) -> str:
        self.clone.git("fetch", "--quiet", "--prune", "origin")
        return self.clone.git(*(each.replace("BRANCH", f"origin/{BRANCH}") for each in arguments))

    def push_to_main(self, files: dict[str, str | None]) -> None:
        self.clone.git("checkout", "--quiet", "main")
        self.clone.commit(files)
        self.clone.git("push", "--quiet", "origin", "main")

    def push_to_branch(self, files: dict[str, str | None]) -> str:
        """Do as somebody does who takes the branch and adds to it."""
        self.on_branch("checkout", "--quiet", "--detach", "BRANCH")
        commit = self.clone.commit(files, "somebody's own")
        self.clone.git("push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
        self.clone.git("checkout", "--quiet", "main")
        return commit

    @property
    def writes(self) -> list[str]:
        return [str(request).rpartition("/acme/train/")[2] for request in self.github.requests
                if request.method != "GET"]  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub) -> World:
    return World(tmp_path, github)


def test_a_pull_request_has_the_locks_and_nothing_else(world: World) -> None:
    outcome = world.refresh()
    assert (outcome.kind, outcome.url, outcome.reason) == ("created", f"{PAGE}/pull/1", "")
    [pull] = world.remote.pulls.values()
    assert (pull.login, pull.title, pull.head_ref, pull.base_ref) == (BOT, "Refresh", BRANCH, "main")
    assert world.on_branch("diff", "--name-status", "main", "BRANCH").split() == [
        "M", "conda-lock.yml", "A", "envs/gpu.conda-lock.yml", "D", "gone.conda-lock.yml",
    ]  # fmt: skip
    assert world.on_branch("show", "BRANCH:envs/gpu.conda-lock.yml") == "gpu"
    assert world.on_branch("rev-parse", "BRANCH^") == world.clone.git("rev-parse", "main")
    assert world.remote.dispatched == [("environment.yml", BRANCH)]


def test_what_is_there_is_not_written_again(world: World) -> None:
    world.refresh()
    world.github.requests.clear()
    assert world.refresh().kind == "unchanged"
    assert world.writes == []
    world.push_to_main({"train.py": "x = 2\n"})
    assert world.refresh().kind == "unchanged"
    assert world.writes == []


def test_other_locks_move_the_branch_on_and_bring_the_base_with_them(world: World) -> None:
    world.refresh()
    before = world.on_branch("rev-parse", "BRANCH")
    world.push_to_main({"train.py": "x = 2\n"})
    assert world.refresh("newer\n").kind == "edited"
    [pull] = world.remote.pulls.values()
    assert "newer" in pull.body
    assert world.on_branch("show", "BRANCH:train.py") == "x = 2"
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "newer"
    assert world.on_branch("diff", "--name-only", "main...BRANCH").split() == [
        "conda-lock.yml", "envs/gpu.conda-lock.yml", "gone.conda-lock.yml",
    ]  # fmt: skip
    world.on_branch("merge-base", "--is-ancestor", before, "BRANCH")
    assert len(world.remote.dispatched) == 2
    world.refresh("newest\n")
    assert world.on_branch("show", "-s", "--format=%P", "BRANCH").count(" ") == 0


def test_commits_by_others_are_left_alone(world: World) -> None:
    world.refresh()
    theirs = world.push_to_branch({"train.py": "x = 3\n"})
    world.github.requests.clear()
    outcome = world.refresh("newer\n")
    assert outcome.kind == "failed"
    assert f"{BRANCH} has commits by others" in outcome.reason
    assert world.on_branch("rev-parse", "BRANCH") == theirs
    assert world.writes == []


def test_an_amended_commit_of_ours_counts_as_others(world: World) -> None:
    world.refresh()
    world.on_branch("checkout", "--quiet", "--detach", "BRANCH")
    world.clone.write({"conda-lock.yml": "by hand\n"})
    world.clone.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    world.clone.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}")
    world.clone.git("checkout", "--quiet", "main")
    assert "by others" in world.refresh("newer\n").reason
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "by hand"


def test_a_branch_that_is_nobodys_of_ours_is_left_alone(world: World) -> None:
    world.clone.git("push", "--quiet", "origin", f"main:refs/heads/{BRANCH}")
    assert "by others" in world.refresh().reason
    assert world.remote.pulls == {}


def test_a_push_between_look_and_write_is_kept(world: World) -> None:
    """The branch is never forced: GitHub refuses, and the next look sees whose it is."""
    world.refresh()
    theirs = []

    def push(request: Request) -> None:
        if request.path.endswith("/git/commits") and request.method == "POST":
            world.github.between = lambda request: None
            theirs.append(world.push_to_branch({"train.py": "x = 3\n"}))

    world.github.between = push
    assert "by others" in world.refresh("newer\n").reason
    assert [world.on_branch("rev-parse", "BRANCH")] == theirs


@pytest.mark.parametrize(
    ("path", "method", "status", "message"),
    [
        ("/git/refs", "POST", 422, "Reference already exists"),
        (f"/git/refs/heads/{BRANCH}", "PATCH", 409, "Conflict"),
        (f"/git/refs/heads/{BRANCH}", "PATCH", 422, "Update is not a fast forward"),
        (f"/git/refs/heads/{BRANCH}", "PATCH", 422, "Reference does not exist"),
    ],
)
def test_a_branch_that_moved_is_looked_at_again(
    world: World, path: str, method: str, status: int, message: str
) -> None:
    if method == "PATCH":
        world.refresh()
    world.github.fail(status=status, method=method, path=path, body=f'{{"message": "{message}"}}'.encode())
    assert world.refresh("newer\n").kind in ("created", "edited")
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "newer"
    assert len(world.remote.pulls) == 1


def test_a_branch_that_always_moves_is_given_up(world: World) -> None:
    world.github.fail(status=409, method="POST", path="/git/refs", times=9)
    assert "kept changing" in world.refresh().reason


def test_a_rule_of_the_repository_is_reported_and_not_taken_for_a_race(world: World) -> None:
    body = b'{"message": "Repository rule violations found"}'
    world.github.fail(status=422, method="POST", path="/git/refs", body=body, times=9)
    assert "Repository rule violations found" in world.refresh().reason


def test_what_is_merged_is_done_and_what_is_reverted_is_done_again(world: World) -> None:
    world.refresh()
    pull = world.remote.pulls[1]
    pull.state, pull.merged = "closed", True
    # The next run has begun before the merge: its locks are no news.
    merged = world.on_branch("rev-parse", "BRANCH")
    before = world.clone.git("rev-parse", "main")
    world.clone.git("merge", "--quiet", "--ff-only", merged)
    world.clone.git("push", "--quiet", "origin", "main")
    assert world.refresh(base_sha=before).kind == "superseded"
    assert world.refresh(files={}).kind == "skipped"
    world.clone.git("revert", "--no-edit", "HEAD")
    world.clone.git("push", "--quiet", "origin", "main")
    assert world.refresh().kind == "created"
    assert world.on_branch("diff", "--name-only", "main...BRANCH").split()[0] == "conda-lock.yml"


def test_what_a_user_closed_stays_closed_until_there_are_other_locks(world: World) -> None:
    world.refresh()
    world.remote.pulls[1].state = "closed"
    world.github.requests.clear()
    outcome = world.refresh()
    assert (outcome.kind, world.writes) == ("skipped", [])
    assert "it was closed" in outcome.reason
    assert world.refresh("newer\n").kind == "created"
    assert {number: pull.state for number, pull in world.remote.pulls.items()} == {1: "closed", 2: "open"}


def test_without_anything_to_refresh_the_pull_request_is_closed(world: World) -> None:
    assert world.refresh(files={}).kind == "skipped"
    world.refresh()
    assert "closed, because nothing" in world.refresh(files={}).reason
    assert world.remote.pulls[1].state == "closed"


def test_a_pull_request_that_a_user_opened_from_the_branch_is_theirs(world: World) -> None:
    world.remote.actions_may_open = False
    world.refresh()
    world.remote.actions_may_open = True
    world.github.token("o", Token("octocat", PERMISSIONS, installation=False))
    GitHub("acme/train", "o", world.github.url).call(
        *(_need(), "pulls.create"), {"title": "Mine", "head": BRANCH, "base": "main", "body": "by hand"}
    )
    assert world.refresh("newer\n").kind == "edited"
    assert world.refresh("newer\n").kind == "unchanged"
    assert [(pull.title, pull.body) for pull in world.remote.pulls.values()] == [("Mine", "by hand")]
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "newer"
    assert world.refresh(files={}).kind == "skipped"


def _need() -> Any:
    from conda_lockstep.github.publish.pull_request import WRITTEN

    return WRITTEN


def test_where_actions_may_open_none_the_setting_is_named_and_the_branch_is_there(world: World) -> None:
    world.remote.actions_may_open = False
    outcome = world.refresh()
    assert outcome.kind == "failed"
    assert "Allow GitHub Actions to create and approve pull requests" in outcome.reason
    assert outcome.url == f"{PAGE}/compare/main...{BRANCH}?expand=1"
    commit = world.on_branch("rev-parse", "BRANCH")
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "new"
    # The same holds for a runner that is killed between the two.
    world.remote.actions_may_open = True
    assert world.refresh().kind == "created"
    assert world.on_branch("rev-parse", "BRANCH") == commit
    assert world.remote.dispatched == [("environment.yml", BRANCH)]


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("contents", "add 'contents: write'"),
        ("pull_requests", "add 'pull-requests: write'"),
        ("actions", "environment.yml was not started"),
    ],
)
def test_a_permission_that_lacks_is_named(world: World, without: str, says: str) -> None:
    world.github.token("t", Token(permissions={**PERMISSIONS, without: "read"}))
    outcome = world.refresh()
    assert says in outcome.reason
    assert outcome.kind == ("created" if without == "actions" else "failed")
    assert without != "actions" or "add 'actions: write'" in outcome.reason


def test_a_check_that_is_not_there_is_named(world: World) -> None:
    outcome = world.refresh(checks=("environment.yml", "gpu.yml"))
    assert outcome.kind == "created"
    assert "gpu.yml was not started" in outcome.reason
    assert world.remote.dispatched == [("environment.yml", BRANCH)]


@pytest.mark.parametrize(
    "fault", [{"kind": "reset", "after": True}, {"status": 502, "after": True}, {"status": 502}]
)
def test_a_lost_answer_makes_no_second_pull_request(world: World, fault: dict[str, Any]) -> None:
    world.github.fail(**fault, method="POST", path="/pulls")
    assert world.refresh().kind in ("created", "edited", "unchanged")
    assert len(world.remote.pulls) == 1
    assert world.remote.dispatched == [("environment.yml", BRANCH)]


def test_an_older_run_never_overwrites_a_newer_one(world: World) -> None:
    world.refresh("newer\n")
    assert world.refresh("older\n", state=State("upstream", "cold", 1, 1)).kind == "superseded"
    assert world.on_branch("show", "BRANCH:conda-lock.yml") == "newer"


def test_a_marker_that_another_user_planted_is_not_taken_for_ours(world: World) -> None:
    """A stranger's pull request is of another repository: it is not even listed."""
    from tests.support.github import PullRequest

    from conda_lockstep.github.publish.comment import marked

    text = marked(State("upstream", "cnew", 1, 1), "forged")
    world.remote.pulls[1] = PullRequest(
        1, "a" * 40, "b" * 40, "stranger/train", BRANCH, "main", "stranger", body=text
    )
    assert world.refresh().kind == "created"
    assert world.remote.pulls[1].body == text
