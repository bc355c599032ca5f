"""The watch as a user has it: the workflows of the documentation, run by act on their schedule and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conda_lockstep.cli.main import main
from tests.e2e.test_action import CONDA_FORGE, TOKEN, WORKFLOWS, World, action, world
from tests.support import act
from tests.support.github import BOT, Issue, Token, payloads

__all__ = ["action", "world"]

WATCHER: Any = {"contents": "read", "issues": "write"}
REFRESHER: Any = {"actions": "write", "contents": "write", "issues": "write", "pull_requests": "write"}


@pytest.fixture
def upstream(world: World) -> Iterator[World]:
    """The repository with nothing but its locks, and a channel that has released something since."""
    channel = world.forge.copy(world.folder / "channel")
    settings = f'platforms = ["{world.forge.subdir}"]\n\n[mirrors]\n"{CONDA_FORGE}" = "{channel.url}"\n'
    world.repository.git("checkout", "--quiet", "main")
    text = world.environment("4.67.1", "2.3.0").replace("tqdm=4.67.1", "idna")
    world.repository.write({"lockstep.toml": settings, "environment.yml": text})
    world.lock()
    world.repository.git("rm", "-r", "--quiet", ".github")
    world.repository.commit({})
    channel.release("idna")
    yield world


def run(world: World, workflow: str, event: str, payload: dict[str, Any]) -> act.Result:
    """Copy a workflow as its first lines say, and run it."""
    text = (WORKFLOWS / workflow).read_text()
    assert f"Copy to .github/workflows/{workflow}" in text.replace("\n# ", " ")
    world.repository.commit({f".github/workflows/{workflow}": text})
    origin = world.folder / "origin.git"
    if not origin.exists():
        world.repository.git("clone", "--quiet", "--bare", ".", str(origin))
    world.repository.git("push", "--quiet", str(origin), "main")
    world.remote.git = origin
    return world.run(event, payload)


def the_issue(world: World) -> Issue:
    [issue] = world.remote.issues.values()
    assert issue.login == BOT
    return issue


def test_the_watch_runs_on_its_schedule_and_by_hand(upstream: World) -> None:
    upstream.github.token(TOKEN, Token(permissions=WATCHER))
    result = run(upstream, "upstream.yml", "schedule", payloads.other("schedule"))
    assert result.status == 0, result.everything
    issue = the_issue(upstream)
    assert (issue.state, issue.title) == ("open", "Upstream has changed since the conda locks were made")
    assert "`idna`" in issue.body
    assert "on the schedule `17 4 * * 1`" in issue.body
    assert "`idna`" in result.summary
    assert TOKEN not in result.everything
    assert upstream.repository.git("status", "--porcelain") == ""

    assert main(["lock", "--update-all"]) == 0
    upstream.repository.commit({})
    payload = payloads.other("workflow_dispatch")
    payload["ref"] = "refs/heads/main"
    payload["repository"]["default_branch"] = "main"
    second = run(upstream, "upstream.yml", "workflow_dispatch", payload)
    assert second.status == 0, second.everything
    assert the_issue(upstream).state == "closed", second.log
    assert "on the schedule" not in the_issue(upstream).body


def test_fresh_locks_are_proposed_and_checked(upstream: World) -> None:
    upstream.github.token(TOKEN, Token(permissions=REFRESHER))
    upstream.remote.workflows.add("environment.yml")
    result = run(upstream, "refresh-locks.yml", "schedule", payloads.other("schedule"))
    assert result.status == 0, result.everything
    [pull] = upstream.remote.pulls.values()
    assert (pull.login, pull.state, pull.base_ref) == (BOT, "open", "main")
    assert upstream.remote.dispatched == [("environment.yml", pull.head_ref)]
    assert f"/pull/{pull.number}" in the_issue(upstream).body
    assert result.outputs("lockstep")["pull-request"].endswith(f"/pull/{pull.number}")
    upstream.repository.git("fetch", "--quiet", str(upstream.remote.git), pull.head_ref)
    proposed = upstream.repository.git("show", "FETCH_HEAD:conda-lock.yml")
    assert main(["lock", "--update-all"]) == 0
    assert Path("conda-lock.yml").read_text() == f"{proposed}\n"
    # The patch is kept, too: the stand-in for the upload has it.
    kept = upstream.folder / "uploads" / "locks" / "locks.patch"
    assert kept.read_text().startswith("diff --git a/conda-lock.yml b/conda-lock.yml")
    assert result.outputs("lockstep")["severity"] == "low"
