"""Both steps through the front door, under the variables that a runner sets and no others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conda_lockstep.github import action
from tests.github.check.test_check import CONDA_FORGE, environment
from tests.github.event.test_workflow_commands import parse_outputs
from tests.support import github as fakes
from tests.support.act import ROOT
from tests.support.forge import Forge
from tests.support.github import BOT, FakeGitHub, payloads
from tests.support.repository import Repository


class Runner:
    """A machine that runs the Action's steps in this process."""

    def __init__(
        self, folder: Path, forge: Forge, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        settings = f'platforms = ["{forge.subdir}"]\n[mirrors]\n"{CONDA_FORGE}" = "{forge.channel_url}"\n'
        repository = Repository(folder / "checkout")
        base = repository.commit({"lockstep.toml": settings, "environment.yml": environment("tqdm=4.67.1")})
        repository.branch("change")
        head = repository.commit({"environment.yml": environment("six=1.17.0")})
        repository.merge(head, "main")
        github.token("t")
        self.remote = github.repository("acme/train")
        self.remote.pulls[7] = fakes.PullRequest(7, head, base, "acme/train")
        self.payload = payloads.pull_request(head_sha=head, base_sha=base)
        self.variables = {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": "acme/train",
            "GITHUB_ACTOR": "octocat",
            "GITHUB_API_URL": github.url,
            "GITHUB_RUN_ID": "1001",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_WORKSPACE": str(repository.folder),
            "GITHUB_OUTPUT": str(folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "LOCKSTEP_FOLDER": str(folder / "lockstep"),
            "PATH": os.environ["PATH"],
        }

    def step(self, name: str, **more: str) -> int:
        (self.folder / "event.json").write_text(json.dumps(self.payload))
        (self.folder / "lockstep").mkdir(exist_ok=True)
        given = {**self.variables, "LOCKSTEP_STEP": name, **more}
        with self.monkeypatch.context() as context:
            context.setattr(os, "environ", given)
            context.chdir(self.folder / "checkout")
            return action.main()


@pytest.fixture
def runner(tmp_path: Path, forge: Forge, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(tmp_path, forge, github, monkeypatch)


def test_two_steps_make_a_comment(runner: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.step("check", LOCKSTEP_BUILD="never") == 0
    assert runner.remote.comments == {}
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) == 0
    [comment] = runner.remote.comments.values()
    assert "has no lock yet" in comment.body
    assert "does not exist on the base commit" in comment.body
    assert parse_outputs((runner.folder / "outputs").read_text())["evidence"] == "linted solved"
    assert "comment: created" in capsys.readouterr().out


def test_a_closed_pull_request_is_left_in_peace(runner: Runner, github: FakeGitHub) -> None:
    runner.payload = payloads.pull_request("closed")
    assert runner.step("check") == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) == 0
    assert github.requests == []
    assert not (runner.folder / "lockstep" / "handoff.json").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"LOCKSTEP_BUILD": "perhaps"}, "input 'build' is 'perhaps'"),
        ({"LOCKSTEP_FAIL_ON": "huge"}, "input 'fail-on' is 'huge'"),
        ({"LOCKSTEP_COMMENT_ID": "a b"}, "input 'comment-id' is invalid"),
        ({"LOCKSTEP_WORKING_DIRECTORY": "nowhere"}, "which is not a folder of the workspace"),
        ({"LOCKSTEP_MODE": "upstream"}, "mode 'upstream' is not for 'pull_request'; use it on 'schedule'"),
        ({"GITHUB_RUN_ID": "x"}, "GITHUB_RUN_ID is 'x'"),
        ({"PATH": "/nowhere"}, "git is not installed on this runner"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_what_cannot_begin_is_one_annotation_and_a_summary(
    runner: Runner, github: FakeGitHub, capsys: pytest.CaptureFixture[str], given: dict[str, str], says: str
) -> None:
    """Each step gets the inputs that action.yml gives to it."""
    assert runner.step("check", **given) == 0
    both = {name: value for name, value in given.items() if name != "LOCKSTEP_BUILD"}
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, **both) == 2
    [told] = re.findall("^::error .*", capsys.readouterr().out, re.MULTILINE)
    assert says in told
    assert "The check could not be completed" in (runner.folder / "summary.md").read_text()
    assert github.requests == []


def test_the_reporting_step_loads_no_solver() -> None:
    """It would be a quarter of a second for nothing."""
    modules = ("action", "report.report", "fork_comment.fork_comment", "upstream.report_upstream")
    code = "import sys; " + "; ".join(f"import conda_lockstep.github.{name}" for name in modules)
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}; print('rattler' in sys.modules, 'ghapi' in sys.modules)"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False"]


def test_inputs_that_only_act_sets_are_read_nowhere() -> None:
    sources: list[Any] = [*(ROOT / "src").rglob("*.py"), ROOT / "action.yml"]
    assert not [path for path in sources if "INPUT_" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("name", "action", "says"),
    [
        ("pull_request", "opened", "comment: created"),
        ("pull_request", "synchronize", "comment: created"),
        ("pull_request", "reopened", "comment: created"),
        ("pull_request", "converted_to_draft", "comment: created"),
        ("pull_request", "ready_for_review", "comment: created"),
        ("pull_request", "labeled", "comment: created"),
        ("pull_request", "closed", "the pull request is closed, so nothing is checked"),
        ("merge_group", "checks_requested", "comment: skipped: no pull request to comment on"),
        ("push", "", "comment: skipped: no pull request to comment on"),
        ("workflow_dispatch", "", "comment: skipped: no pull request to comment on"),
        ("release", "published", "comment: skipped: no pull request to comment on"),
        ("issue_comment", "created", "comment: skipped: no pull request to comment on"),
    ],
)
def test_every_event_ends_clean_and_says_in_a_line_what_became_of_the_comment(
    runner: Runner, capsys: pytest.CaptureFixture[str], name: str, action: str, says: str
) -> None:
    head, base = runner.remote.pulls[7].head_sha, runner.remote.pulls[7].base_sha
    runner.variables |= {"GITHUB_EVENT_NAME": name, "GITHUB_SHA": head}
    if name == "pull_request":
        draft = action == "converted_to_draft"
        runner.payload = payloads.pull_request(action, head_sha=head, base_sha=base, draft=draft)
    elif name == "merge_group":
        runner.payload = payloads.merge_group(head_sha=head, base_sha=base)
    elif name == "push":
        runner.payload = payloads.push(before=base, after=head)
    else:
        runner.payload = payloads.other(name, action)
    assert runner.step("check", LOCKSTEP_BUILD="never") == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) == 0
    assert says in capsys.readouterr().out
