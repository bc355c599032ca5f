"""Fresh locks for a pull request whose own do not hold: suggested, or pushed to its branch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.github.event.test_workflow_commands import parse_outputs
from tests.github.test_action import Runner
from tests.support.forge import Forge
from tests.support.github import BOT, FakeGitHub, Request, Token, payloads
from tests.support.repository import Repository

PERMISSIONS: Any = {"contents": "write", "pull_requests": "write", "actions": "write"}


class World(Runner):
    """A pull request that changes an environment file and leaves its lock as it was, on a GitHub with branches."""

    def __init__(
        self, folder: Path, forge: Forge, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        super().__init__(folder, forge, github, monkeypatch)
        self.github = github
        self.checkout = Repository(folder / "checkout")
        self.origin = folder / "origin.git"
        self.checkout.git("clone", "--quiet", "--bare", ".", str(self.origin))
        self.checkout.git("remote", "add", "origin", str(self.origin))
        self.remote.git = self.origin
        self.remote.workflows.add("environment.yml")
        github.token("t", Token(permissions=PERMISSIONS))
        self.runs = 0

    def run(self, lock_update: str, **more: str) -> int:
        """Run both steps on the merge of the branch's head, as it is on GitHub."""
        self.runs += 1
        self.checkout.git("fetch", "--quiet", "origin", "change")
        head = self.checkout.git("rev-parse", "FETCH_HEAD")
        base = self.checkout.git("rev-parse", "main")
        self.checkout.merge(head, "main")
        self.remote.pulls[7].head_sha = head
        repository = more.pop("head_repository", "acme/train")
        self.payload = payloads.pull_request(head_sha=head, base_sha=base, head_repository=repository)
        self.variables["GITHUB_RUN_ID"] = str(1000 + self.runs)
        (self.folder / "outputs").unlink(missing_ok=True)
        given = {"LOCKSTEP_LOCK_UPDATE": lock_update, "LOCKSTEP_BUILD": "never", **more}
        assert self.step("check", **given) == 0
        speaking = {"LOCKSTEP_TOKEN": "t", "LOCKSTEP_AUTHOR": BOT, "LOCKSTEP_CHECKS": "environment.yml"}
        return self.step("report", **{**speaking, **given})

    def on_branch(self, *arguments: str) -> str:
        self.checkout.git("fetch", "--quiet", "origin", "change")
        return self.checkout.git(*(each.replace("HEAD", "FETCH_HEAD") for each in arguments))

    @property
    def comment(self) -> str:
        [comment] = self.remote.comments.values()
        return comment.body

    @property
    def patch(self) -> str:
        return parse_outputs((self.folder / "outputs").read_text())["patch"]


@pytest.fixture
def world(tmp_path: Path, forge: Forge, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, forge, github, monkeypatch)


def test_a_suggested_lock_is_a_patch_that_git_applies_to_the_branch(world: World) -> None:
    before = world.on_branch("rev-parse", "HEAD")
    world.run("suggest")
    shown = re.search(r"```diff\n(.*?)```", world.comment, re.DOTALL)
    assert shown
    assert Path(world.patch).read_text() == shown[1]
    assert world.on_branch("rev-parse", "HEAD") == before
    (world.folder / "locks.patch").write_text(shown[1])
    world.on_branch("checkout", "--quiet", "HEAD")
    world.checkout.git("apply", str(world.folder / "locks.patch"))
    world.checkout.commit({})
    world.checkout.git("push", "--quiet", "origin", "HEAD:change")
    world.run("suggest")
    assert world.patch == ""
    assert "```diff" not in world.comment


def test_a_committed_lock_is_on_the_branch_and_holds(world: World) -> None:
    before = world.on_branch("rev-parse", "HEAD")
    assert world.run("commit") == 0
    assert world.on_branch("rev-parse", "HEAD^") == before
    assert world.on_branch("diff", "--name-only", before, "HEAD") == "conda-lock.yml"
    commit = world.on_branch("rev-parse", "HEAD")
    assert f"pushed to `change` as {commit}" in world.comment
    assert "```diff" not in world.comment
    assert world.remote.dispatched == [("environment.yml", "change")]
    world.run("commit")
    assert world.on_branch("rev-parse", "HEAD") == commit
    assert "has no lock yet" not in world.comment
    assert "pushed" not in world.comment


def test_the_comment_comes_also_where_github_is_late_to_tell_of_the_push(world: World) -> None:
    before = world.on_branch("rev-parse", "HEAD")

    def late(request: Request) -> None:
        world.remote.pulls[7].head_sha = before

    world.github.between = late
    world.run("commit")
    assert "pushed to `change`" in world.comment


@pytest.mark.parametrize(
    ("permissions", "more", "says"),
    [
        (PERMISSIONS, {"head_repository": "stranger/train"}, "comes from a fork"),
        (PERMISSIONS, {"GITHUB_ACTOR": "dependabot[bot]"}, "Dependabot"),
        ({**PERMISSIONS, "contents": "read"}, {}, "contents"),
    ],
)
def test_where_nothing_may_be_pushed_it_is_suggested_and_said_why(
    world: World, permissions: Any, more: dict[str, str], says: str
) -> None:
    before = world.on_branch("rev-parse", "HEAD")
    world.github.token("t", Token(permissions=permissions))
    world.run("commit", **more)
    assert world.on_branch("rev-parse", "HEAD") == before
    summary = (world.folder / "summary.md").read_text()
    assert "🔒 The fresh locks were not pushed" in summary
    assert says in summary
    assert "```diff" in summary


def test_a_push_meanwhile_is_not_overwritten(world: World) -> None:
    theirs = []

    def push(request: Request) -> None:
        if request.path.endswith("/git/trees"):
            world.on_branch("checkout", "--quiet", "HEAD")
            theirs.append(world.checkout.commit({"train.py": "x = 1\n"}))
            world.checkout.git("push", "--quiet", "origin", "HEAD:refs/heads/change")

    world.github.between = push
    world.run("commit")
    assert [world.on_branch("rev-parse", "HEAD")] == theirs
    assert "was pushed to in the meantime" in (world.folder / "summary.md").read_text()


def test_a_push_that_did_not_help_is_not_made_twice(world: World) -> None:
    world.run("commit")
    world.on_branch("checkout", "--quiet", "HEAD")
    (world.folder / "checkout" / "conda-lock.yml").write_text("broken\n")
    world.checkout.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    world.checkout.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/change")
    commit = world.on_branch("rev-parse", "HEAD")
    world.run("commit")
    assert world.on_branch("rev-parse", "HEAD") == commit
    assert "was already such an update" in world.comment


def test_a_file_that_the_base_changed_as_well_is_to_be_merged_first(world: World) -> None:
    world.checkout.git("checkout", "--quiet", "main")
    text = (world.folder / "checkout" / "environment.yml").read_text()
    world.checkout.commit({"environment.yml": f"# of the team\n{text}"})
    before = world.on_branch("rev-parse", "HEAD")
    world.run("commit")
    assert world.on_branch("rev-parse", "HEAD") == before
    assert "merge the base branch first" in world.comment


def test_a_change_that_touches_no_environment_gets_no_lock(world: World) -> None:
    world.on_branch("checkout", "--quiet", "HEAD")
    world.checkout.git("checkout", "--quiet", "main", "--", "environment.yml")
    world.checkout.commit({"train.py": "x = 1\n"})
    world.checkout.git("push", "--quiet", "origin", "HEAD:refs/heads/change")
    before = world.on_branch("rev-parse", "HEAD")
    world.run("commit")
    assert world.on_branch("rev-parse", "HEAD") == before
    assert world.remote.comments == {}


def test_nothing_is_written_that_is_no_lock(world: World) -> None:
    world.run("suggest")
    handed = world.folder / "lockstep" / "handoff.json"
    before = world.on_branch("rev-parse", "HEAD")
    for path in (".github/workflows/x.yml", "train.py"):
        handed.write_text(
            handed.read_text().replace('"lock_path": "conda-lock.yml"', f'"lock_path": "{path}"')
        )
        world.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, LOCKSTEP_LOCK_UPDATE="commit")
        assert world.on_branch("rev-parse", "HEAD") == before
        assert "is not a lock in the repository" in world.comment
        handed.write_text(
            handed.read_text().replace(f'"lock_path": "{path}"', '"lock_path": "conda-lock.yml"')
        )
