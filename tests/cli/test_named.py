"""What ``lint`` and ``fmt`` may be given: files, folders, and what is piped in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from tests.support.repository import Repository

UGLY = "dependencies:\n    -   python=3.11\n    -   numpy 1.26   # exact by accident\nname: train\n"
DOCKERFILE = "FROM debian:13\nRUN conda install numpy\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.write(
        {
            "environment.yml": UGLY,
            "envs/gpu/environment.yml": UGLY,
            "envs/cpu.yml": f"channels: [conda-forge]\n{UGLY}",
            "envs/notes.yml": "a: 1\n",
            "envs/Dockerfile": DOCKERFILE,
            "empty/readme.txt": "nothing",
        }
    )
    monkeypatch.chdir(repository.folder)
    return repository


@pytest.mark.parametrize(
    ("named", "looked_at"),
    [
        ([], ["environment.yml", "envs/cpu.yml", "envs/gpu/environment.yml"]),
        (["."], ["environment.yml", "envs/cpu.yml", "envs/gpu/environment.yml"]),
        (["envs"], ["envs/cpu.yml", "envs/gpu/environment.yml"]),
        (["envs/gpu", "envs", "envs/cpu.yml"], ["envs/cpu.yml", "envs/gpu/environment.yml"]),
        (["environment.yml", "envs/gpu"], ["environment.yml", "envs/gpu/environment.yml"]),
    ],
)
@pytest.mark.parametrize("command", [["lint", "--select", "document,pins"], ["fmt", "--check"]], ids=" ".join)
@pytest.mark.usefixtures("repository")
def test_a_folder_stands_for_the_files_that_git_knows_below_it(
    capsys: pytest.CaptureFixture[str], command: list[str], named: list[str], looked_at: list[str]
) -> None:
    main([*command, *named])
    said = capsys.readouterr().out
    assert sorted({line.split(":")[0] for line in said.splitlines() if ".yml:" in line[:30]}) == looked_at


@pytest.mark.usefixtures("repository")
def test_a_folder_has_installs_where_it_is_asked_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--select", "installs", "envs"]) == 1
    assert "envs/Dockerfile:2:5: " in capsys.readouterr().out


@pytest.mark.parametrize("command", ["lint", "fmt"])
@pytest.mark.usefixtures("repository")
def test_a_folder_without_such_files_fails_and_the_others_are_looked_at(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "empty", "environment.yml"]) == 2
    streams = capsys.readouterr()
    said = "lockstep: empty: no such files found below this folder; pass the files to look at\n"
    assert streams.err == said
    assert "environment.yml:" in streams.out


def test_what_is_piped_in_is_linted_under_the_name_it_is_given() -> None:
    done = piped(["lint", "-", "--select", "pins", "--stdin-filename", "train.yml"], UGLY)
    assert done.returncode == 1
    assert done.stdout.startswith("train.yml:3:9: ")
    assert piped(["lint", "-", "--exit-zero"], UGLY).returncode == 0
    docker = piped(["lint", "-", "--select", "installs", "--stdin-filename", "Dockerfile"], DOCKERFILE)
    assert docker.stdout.startswith("Dockerfile:2:5: ")


def test_a_fix_of_what_is_piped_in_goes_out_and_the_report_beside_it(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text(UGLY)
    in_place = main(
        ["lint", "--fix", "--unsafe-fixes", "--select", "pins", str(tmp_path / "environment.yml")]
    )
    done = piped(["lint", "-", "--fix", "--unsafe-fixes", "--select", "pins"], UGLY)
    assert done.stdout == (tmp_path / "environment.yml").read_text() != UGLY
    assert (done.returncode, "-: fixed accidental-exact" in done.stderr) == (in_place, True)
    shown = piped(["lint", "-", "--diff", "--unsafe-fixes", "--select", "pins"], UGLY)
    assert (shown.returncode, shown.stdout.startswith("--- -\n+++ -\n")) == (1, True)


def test_what_is_piped_in_is_formatted_as_the_file_would_be(tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_text(UGLY)
    assert piped(["fmt", "-", "--check"], UGLY).returncode == 1
    assert main(["fmt", str(file)]) == 0
    done = piped(["fmt", "-"], UGLY)
    assert (done.returncode, done.stdout) == (0, file.read_text())
    assert piped(["fmt", "-", "--diff"], file.read_text()).returncode == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"\xff\x00name", "is not UTF-8"),
        (b"a: [", "not YAML"),
        (b"\0" * 1_100_000, "larger than 1 MiB"),
    ],
)
@pytest.mark.parametrize("command", ["lint", "fmt"])
def test_what_is_piped_in_and_is_no_file_is_one_line(command: str, given: bytes, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conda_lockstep", command, "-"], input=given, capture_output=True
    )
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 2
    assert told.splitlines()[0].count("-:1:") == 1
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["lint", "fmt"])
def test_what_is_piped_in_stands_alone(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "-", "environment.yml"]) == 2
    assert "'-' stands for what is piped in, and stands alone" in capsys.readouterr().err


def piped(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conda_lockstep", *command],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
