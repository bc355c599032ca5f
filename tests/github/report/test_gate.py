"""What changed against the base commit, and what that comes to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.github.locks import FILE, LOCK, checked, handoff, lock_text
from tests.support.repository import Repository

from conda_lockstep.github.event.base import CommitRange
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.inputs import FailOn
from conda_lockstep.github.handoff.handoff import Handoff, Remark
from conda_lockstep.github.report.gate import GateResult, Rules, compare_with_base

OLD = lock_text({"python": "3.11.9", "tqdm": "4.67.0"})
PATCH = lock_text({"python": "3.11.9", "tqdm": "4.67.1"})
GRAVE = lock_text({"python": "3.12.1", "tqdm": "4.67.0"})
ERROR = Remark("bad-spec", "error", "no such thing", FILE, 3, 5)
WARNING = Remark("unpinned-conda", "warning", "numpy has no version", FILE, 4, 5)


@pytest.fixture
def base(tmp_path: Path) -> CommitFiles:
    repository = Repository(tmp_path / "checkout")
    return CommitFiles(repository.folder, repository.commit({FILE: "name: x\n", LOCK: OLD}))


def judge(
    given: Handoff,
    base: CommitFiles,
    fail_on: FailOn = "critical",
    judged: bool = True,
    rules: Rules | None = None,
) -> GateResult:
    assert base.workspace is not None
    head = replace(base, commit=Repository(base.workspace).git("rev-parse", "HEAD"))
    change = CommitRange(head.commit, base.commit, "origin/main", is_judged=judged)
    return compare_with_base(given, change, base, head, rules or Rules(fail_on), base.workspace / ".git")


def test_the_same_lock_is_clean_and_touches_nothing(base: CommitFiles) -> None:
    compared = judge(handoff(checked(OLD)), base)
    assert (compared.report.rows, compared.status, compared.touched) == ((), 0, False)


def test_a_comment_in_the_file_touches_it_and_changes_nothing(base: CommitFiles) -> None:
    compared = judge(handoff(checked(OLD, file="name: x # new\n")), base)
    assert (compared.report.rows, compared.status, compared.touched) == ((), 0, True)


@pytest.mark.parametrize(
    ("lock", "fail_on", "judged", "status"),
    [
        (PATCH, "critical", True, 0),
        (PATCH, "info", True, 1),
        (GRAVE, "critical", True, 1),
        (GRAVE, "critical", False, 0),
        (GRAVE, "never", True, 0),
    ],
)
def test_drift_fails_from_the_severity_asked_for(
    base: CommitFiles, lock: str, fail_on: FailOn, judged: bool, status: int
) -> None:
    compared = judge(handoff(checked(lock)), base, fail_on, judged)
    assert len(compared.report.rows) == 1
    assert (compared.status, compared.touched) == (status, True)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (handoff(checked(OLD), remarks=[WARNING]), 0),
        (handoff(checked(OLD), remarks=[ERROR, WARNING]), 1),
        (handoff(checked(OLD, state="stale", reasons=("numpy is not met",))), 1),
        (handoff(checked(OLD, state="missing", lock_sha256="")), 0),
        (handoff(checked("", state="failed", reasons=("no candidates",))), 1),
        (handoff(checked(OLD, build="failed", build_reason="no space left")), 1),
        (handoff(checked(OLD, build="refused", build_reason="a fork")), 0),
        (handoff(checked(OLD), failures=["environment.yml: cannot be read"]), 2),
        (handoff(failures=["no file"]), 2),
        (handoff(), 0),
    ],
)
def test_what_else_fails_a_check(base: CommitFiles, given: Handoff, status: int) -> None:
    assert judge(given, base).status == status
    assert judge(given, base, "never").status == (2 if status == 2 else 0)


def test_a_first_lock_is_reported_and_not_called_drift(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "checkout")
    compared = judge(
        handoff(checked(OLD)), CommitFiles(repository.folder, repository.commit({FILE: "name: x\n"}))
    )
    assert (compared.report.rows, compared.status, compared.touched) == ((), 0, True)
    [note] = compared.report.notes
    assert "does not exist on the base commit" in note
    assert compared.identities[0][2] in note


def test_a_lock_for_another_platform_is_not_compared(base: CommitFiles) -> None:
    compared = judge(handoff(checked(lock_text({"python": "3.12"}, ["osx-arm64"]))), base)
    assert compared.report.rows == ()
    assert "no platform in common" in compared.report.notes[0]


def test_a_base_that_cannot_be_read_is_what_could_not_be_done(tmp_path: Path) -> None:
    Repository(tmp_path).commit({})
    compared = judge(handoff(checked(OLD)), CommitFiles(tmp_path, "f" * 40))
    assert compared.status == 2
    assert "check out with 'fetch-depth: 2'" in compared.broken[0]


def test_the_evidence_is_what_holds_for_all(base: CommitFiles) -> None:
    built = checked(OLD, reached=("linted", "solved", "installed", "verified"))
    alone = judge(handoff(built), base).report.evidence
    both = judge(handoff(built, checked(OLD)), base).report.evidence
    assert alone is not None
    assert both is not None
    assert alone.reached == ("linted", "solved", "installed", "verified")
    assert alone.not_shown == ("imported", "kernel ran", "collective ran")
    assert both.reached == ("linted", "solved")


def test_the_commands_can_be_typed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "checkout")
    commit = repository.commit({"my envs/gpu.yml": "name: x\n", "my envs/gpu.conda-lock.yml": OLD})
    base = CommitFiles(repository.folder, commit)
    stale = checked(PATCH, state="stale", path="my envs/gpu.yml", lock_path="my envs/gpu.conda-lock.yml")
    report = judge(handoff(stale), base).report
    assert report.reproduce == (
        "lockstep lock 'my envs/gpu.yml'",
        "git show 'origin/main:my envs/gpu.conda-lock.yml' > /tmp/base.conda-lock.yml",
        "lockstep diff /tmp/base.conda-lock.yml 'my envs/gpu.conda-lock.yml'",
    )
    assert report.accept == ("lockstep lock 'my envs/gpu.yml' && git add 'my envs/gpu.conda-lock.yml'",)


def test_the_evidence_is_of_what_the_change_touches(base: CommitFiles) -> None:
    """An environment that is left alone is not built, and says nothing about those that are."""
    steps = ("linted", "solved", "installed")
    given = handoff(
        checked(OLD), checked(PATCH, path="gpu.yml", lock_path="gpu.conda-lock.yml", reached=steps)
    )
    compared = judge(given, base)
    assert compared.report.evidence is not None
    assert compared.report.evidence.reached == steps
    assert [one.path for one in compared.affected] == ["gpu.yml"]


@pytest.mark.parametrize(("required", "status"), [(False, 0), (True, 1)])
def test_an_environment_can_be_required_to_have_a_lock(
    base: CommitFiles, required: bool, status: int
) -> None:
    given = handoff(
        checked(
            OLD, state="missing", lock_sha256="", committed="", path="new.yml", lock_path="new.conda-lock.yml"
        )
    )
    assert judge(given, base, rules=Rules(require_lock=required)).status == status


def change(base: CommitFiles, files: dict[str, str | None]) -> None:
    assert base.workspace is not None
    Repository(base.workspace).commit(files)


@pytest.mark.parametrize(("removed", "status"), [("fail", 1), ("report", 0)])
def test_what_is_removed_on_purpose_can_be_reported_alone(
    base: CommitFiles, removed: Literal["fail", "report"], status: int
) -> None:
    change(base, {LOCK: None, FILE: None})
    compared = judge(handoff(), base, rules=Rules(removed=removed))
    assert compared.status == status
    lines = compared.problems if status else compared.warnings
    assert "conda-lock.yml was deleted" in lines
    assert compared.touched


def test_a_platform_that_is_locked_no_more_is_reported(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "checkout")
    both = lock_text({"tqdm": "4.67.0"}, ["linux-64", "linux-aarch64"])
    commit = repository.commit({FILE: "name: x\n", LOCK: both})
    one = lock_text({"tqdm": "4.67.0"})
    repository.commit({LOCK: one})
    compared = judge(handoff(checked(one)), CommitFiles(repository.folder, commit))
    assert compared.failures == ("environment.yml is no longer locked for linux-aarch64",)


def test_locks_for_machines_may_take_the_place_of_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "checkout")
    commit = repository.commit({FILE: "name: x\n", LOCK: OLD})
    a100, h100 = "environment.a100.conda-lock.yml", "environment.h100.conda-lock.yml"
    repository.commit({LOCK: None, a100: OLD, h100: GRAVE})
    compared = judge(
        handoff(checked(OLD, lock_path=a100), checked(GRAVE, lock_path=h100)),
        CommitFiles(repository.folder, commit),
    )
    assert compared.failures == ("1 change of severity critical or worse",)
    assert {row.subject for row in compared.report.rows} == {"python"}


def test_settings_that_only_the_change_has_read_are_an_error(base: CommitFiles) -> None:
    change(base, {"lockstep.toml": 'ignore = ["unpinned-conda"]\n'})
    compared = judge(replace(handoff(checked(OLD)), own_settings=True), base)
    assert compared.status == 2
    assert "check out with 'fetch-depth: 2'" in compared.broken[0]
    assert "lockstep.toml changes settings: ignore" in compared.warnings[0]
