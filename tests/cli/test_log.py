"""``lockstep log``: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conda_lockstep.cli.main import main
from tests.drift.history.test_history import LOCK, dated
from tests.support.locks import lock_text
from tests.support.repository import Repository
from tests.support.schemas import schema


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository(tmp_path)
    both = ("linux-64", "linux-aarch64")
    dated(repository, "2025-08-01", {LOCK: lock_text("nccl 2.28.3", "torch==2.8.0", platforms=both)}, "Lock")
    dated(repository, "2025-10-01", {LOCK: "<<<<<<< HEAD\n"}, "Oops")
    dated(
        repository,
        "2025-11-03",
        {LOCK: lock_text("nccl 2.29.1", "torch==2.9.0", platforms=both)},
        "Update\x1b[31m",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return repository


def run(*arguments: str) -> int:
    return main(["log", *arguments])


def test_the_log_is_newest_first_with_ids_and_severities(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    head = repository.git("rev-parse", "--short=10", "HEAD")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "conda-lock.yml (linux-64, linux-aarch64): 3 commits"
    assert lines[1] == f"  2025-11-03  {head}  high      2 changes: Update⟨U+001B⟩[31m"
    assert lines[2].strip().startswith("linux-64 ls1-")
    assert lines[4].strip() == "conda-lock.yml: is not a lock or a snapshot"
    assert lines[5].endswith("            created: Lock")


def test_since_when_a_version_is_here_and_which_commit_brought_it(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--package", "nccl") == 0
    head = repository.git("rev-parse", "--short=10", "HEAD")
    title, now, before = capsys.readouterr().out.splitlines()
    assert title == "nccl in conda-lock.yml (linux-64, linux-aarch64)"
    assert now.startswith(f"  2.29.1  medium    since 2025-11-03          {head}  Update")
    assert before.startswith("  2.28.3            2025-08-01 to 2025-11-03  ")


@pytest.mark.parametrize(
    "arguments", [(), ("--package", "nccl,torch"), ("--since", "2025-10-15"), ("environment.yml",)]
)
def test_the_json_is_as_documented(
    repository: Repository, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    repository.write({"environment.yml": "dependencies:\n  - nccl\n"})
    assert run("--format", "json", *arguments) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema("log.md"))
    (lock,) = document["locks"]
    assert lock["entries"][0]["platforms"]["linux-64"]["counts"] == {"high": 1, "medium": 1}
    assert [each["name"] for each in document["packages"]] == (
        ["nccl"] * 2 + ["torch"] * 2 if "nccl,torch" in arguments else []
    )


def test_a_page_is_written(repository: Repository, tmp_path: Path) -> None:
    assert run("--format", "html", "--output", "log.html") == 0
    assert "2.29.1" in (tmp_path / "log.html").read_text(encoding="utf-8")


def test_a_last_state_that_cannot_be_read_is_an_error_after_the_log(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.commit({LOCK: ">>>>>>> theirs\n"}, "Oops again")
    assert run() == 2
    printed = capsys.readouterr()
    assert "4 commits" in printed.out
    assert "conda-lock.yml: the last state cannot be read" in printed.err


def test_a_folder_means_the_locks_below_it(
    repository: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.commit({"gpu/conda-lock.yml": lock_text("nccl 1.0")}, "GPU")
    monkeypatch.chdir(tmp_path / "gpu")
    for arguments in ((), (LOCK,), (str(tmp_path / "gpu" / LOCK),)):
        assert run(*arguments) == 0
        assert capsys.readouterr().out.startswith("gpu/conda-lock.yml (linux-64): 1 commit\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--package", "ncl"), "'ncl' was never locked"),
        (("--since", "yesterday-ish"), "'yesterday-ish' is neither a revision of this repository nor a date"),
        (("absent.yml",), "absent.yml: is not in the history of HEAD"),
        (("/absent/conda-lock.yml",), "is outside of the git repository"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    repository: Repository, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
