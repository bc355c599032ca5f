"""What the Action was asked to do, and where it finds itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.inputs import Inputs, read_inputs
from conda_lockstep.github.event.runner import read_runner, without_paths


def test_nothing_given_is_the_default() -> None:
    assert read_inputs({"LOCKSTEP_STEP": "check"}) == Inputs("check")


def test_everything_given_is_read() -> None:
    given = {
        "LOCKSTEP_STEP": "report",
        "LOCKSTEP_FILES": "envs/*.yml\n\n  my env.yml \n",
        "LOCKSTEP_PLATFORMS": "linux-64, linux-aarch64",
        "LOCKSTEP_CUDA": "12.4",
        "LOCKSTEP_BUILD": "never",
        "LOCKSTEP_COMMENT": "FALSE",
        "LOCKSTEP_FAIL_ON": "never",
        "LOCKSTEP_AUTHOR": "app[bot]",
        "LOCKSTEP_MODE": "upstream",
        "LOCKSTEP_LOCK_UPDATE": "commit",
        "LOCKSTEP_CHECKS": ".github/workflows/environment.yml\ngpu.yaml\n",
        "LOCKSTEP_CACHE_DIR": " /var/cache/lockstep ",
        "LOCKSTEP_TOKEN": "secret",
    }
    assert read_inputs(given) == Inputs(
        step="report",
        files=("envs/*.yml", "my env.yml"),
        platforms=("linux-64", "linux-aarch64"),
        cuda="12.4",
        build="never",
        comment=False,
        fail_on="never",
        author="app[bot]",
        mode="upstream",
        lock_update="commit",
        checks=("environment.yml", "gpu.yaml"),
        cache_dir=Path("/var/cache/lockstep"),
        token="secret",
    )
    assert "secret" not in repr(read_inputs(given))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LOCKSTEP_STEP", "", "neither 'check' nor 'report'"),
        ("LOCKSTEP_BUILD", "yes", "input 'build' is 'yes'; use one of: auto, always, never"),
        ("LOCKSTEP_COMMENT", "1", "input 'comment' is '1'; use one of: true, false"),
        ("LOCKSTEP_FAIL_ON", "huge", "input 'fail-on' is 'huge'; use one of: critical, high, medium"),
        ("LOCKSTEP_LOCK_UPDATE", "push", "input 'lock-update' is 'push'; use one of: none, suggest, commit"),
        ("LOCKSTEP_CHECKS", "../x.yml", "input 'checks' has '../x.yml'; list files in .github/workflows"),
        ("LOCKSTEP_CACHE_DIR", "cache", "input 'cache-dir' is 'cache'; use an absolute path"),
        ("LOCKSTEP_CUDA", "latest", "input 'cuda' is 'latest'; use a version such as 12.4"),
    ],
)
def test_a_wrong_input_is_named_with_what_it_may_be(name: str, value: str, says: str) -> None:
    with pytest.raises(LockstepError, match=says):
        read_inputs({"LOCKSTEP_STEP": "check", name: value})


RUNNER = {
    "GITHUB_WORKSPACE": "/w",
    "LOCKSTEP_FOLDER": "/t/lockstep",
    "GITHUB_RUN_ID": "123",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_REPOSITORY": "acme/train",
    "GITHUB_WORKFLOW_REF": "acme/train/.github/workflows/env.yml@refs/pull/7/merge",
    "GITHUB_JOB": "lockstep",
    "GITHUB_OUTPUT": "/t/out",
    "GITHUB_STEP_SUMMARY": "/t/summary",
}


def test_the_runner_is_read() -> None:
    runner = read_runner(RUNNER)
    assert (runner.run, runner.attempt, runner.hosted) == (123, 2, False)
    assert (runner.workspace, runner.folder) == (Path("/w"), Path("/t/lockstep"))
    assert (runner.outputs, runner.summary) == (Path("/t/out"), Path("/t/summary"))
    assert runner.page == "https://github.com/acme/train/actions/runs/123"
    assert runner.api_url == "https://api.github.com"


@pytest.mark.parametrize(
    ("environment", "hosted"),
    [("github-hosted", True), ("self-hosted", False), ("", False), ("GitHub-Hosted ", False)],
)
def test_only_a_runner_that_says_so_is_hosted(environment: str, hosted: bool) -> None:
    assert read_runner({**RUNNER, "RUNNER_ENVIRONMENT": environment}).hosted is hosted


def test_the_key_is_of_the_job_not_of_the_branch() -> None:
    other_branch = {**RUNNER, "GITHUB_WORKFLOW_REF": "acme/train/.github/workflows/env.yml@refs/heads/main"}
    assert read_runner(RUNNER).key == read_runner(other_branch).key
    assert read_runner(RUNNER).key != read_runner({**RUNNER, "GITHUB_JOB": "other"}).key


def test_enterprise_has_its_own_addresses() -> None:
    own = {
        "GITHUB_API_URL": "https://git.acme.example/api/v3",
        "GITHUB_SERVER_URL": "https://git.acme.example",
    }
    runner = read_runner({**RUNNER, **own})
    assert runner.api_url == "https://git.acme.example/api/v3"
    assert runner.page.startswith("https://git.acme.example/acme/train/")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GITHUB_WORKSPACE", "", "GITHUB_WORKSPACE is not set; run this inside a GitHub Actions job"),
        ("LOCKSTEP_FOLDER", "", "LOCKSTEP_FOLDER is not set"),
        ("GITHUB_RUN_ID", "x1", "GITHUB_RUN_ID is 'x1', which is not a number"),
    ],
)
def test_a_broken_runner_is_reported(name: str, value: str, says: str) -> None:
    with pytest.raises(LockstepError, match=says):
        read_runner({**RUNNER, name: value})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/t/lockstep/build-0/files/envs/gpu.yml: no", "envs/gpu.yml: no"),
        ("/t/lockstep/causes-0-1/base.conda-lock.yml: no", "base.conda-lock.yml: no"),
        ("/w/envs/gpu.yml:3:1: no", "envs/gpu.yml:3:1: no"),
        ("run: git config --add safe.directory /w", "run: git config --add safe.directory $GITHUB_WORKSPACE"),
        ("'/t/lockstep' is full", "'$RUNNER_TEMP' is full"),
        ("/world/x and /w-other stay", "/world/x and /w-other stay"),
    ],
)
def test_no_path_of_a_runner_is_in_a_message(text: str, shown: str) -> None:
    assert without_paths(text, read_runner(RUNNER)) == shown


@pytest.mark.parametrize("value", ["main", "feature/x", "refs/heads/main", "a" * 40, "v1.2", "x(y)", ""])
def test_a_branch_or_a_commit_is_a_ref(value: str) -> None:
    given = read_inputs({"LOCKSTEP_STEP": "check", "LOCKSTEP_BASE_REF": value})
    assert given.base_ref == value.removeprefix("refs/heads/")
