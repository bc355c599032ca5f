"""``lockstep lint`` and the files that install from environment files: which it looks at, and what it makes of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main

FILES = {
    "environment.yml": "channels: [conda-forge, nodefaults]\ndependencies:\n  - numpy\n",
    "docker/Dockerfile": "FROM python\nRUN conda clean --all\n",
    "setup.sh": "conda update --all -y\n",
    ".github/workflows/test.yml": "jobs:\n  a:\n    steps:\n      - run: conda clean --all\n",
    "notes.md": "conda update --all\n",
}
ON_ITS_OWN = ["environment.yml"]
INSTALLING = [".github/workflows/test.yml", "docker/Dockerfile", "setup.sh"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with files of every kind, as the working folder."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "options", "files"),
    [
        ("", [], ON_ITS_OWN),
        ("", ["--select", "pins"], ON_ITS_OWN),
        ("", ["--select", "installs"], INSTALLING),
        ("", ["--select", "missing-yes"], INSTALLING[:2]),
        ("", ["--select", "pins,installs"], ON_ITS_OWN + INSTALLING),
        ("", ["--extend-select", "installs"], ON_ITS_OWN + INSTALLING),
        ('extend-select = ["installs"]', [], ON_ITS_OWN + INSTALLING),
        ('extend-select = ["installs"]', ["--select", "pins"], ON_ITS_OWN),
        ('select = ["installs"]', [], INSTALLING),
        ('select = ["pins", "update-all"]', [], [*ON_ITS_OWN, "setup.sh"]),
    ],
)
def test_files_that_install_are_looked_at_where_it_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], settings: str, options: list[str], files: list[str]
) -> None:
    (folder / "lockstep.toml").write_text(settings)
    assert main(["lint", "--format", "json", *options]) == 1
    found = json.loads(capsys.readouterr().out)
    findings = found["findings"] if isinstance(found, dict) else found
    assert sorted({finding["path"] for finding in findings}) == sorted(files)


def test_a_file_is_judged_by_its_kind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", *FILES]) == 2  # notes.md is taken for an environment file
    printed = capsys.readouterr().out
    for said in (
        "environment.yml:3:5: warning unpinned-conda: ",
        "docker/Dockerfile:1:6: warning unpinned-image: ",
        "docker/Dockerfile:2:5: warning missing-yes: ",
        "setup.sh:1:1: warning update-all: ",
        ".github/workflows/test.yml:4:14: warning missing-yes: ",
    ):
        assert said in printed


def test_other_families_have_nothing_to_say_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--select", "pins,document", "setup.sh", "docker/Dockerfile"]) == 0
    assert main(["lint", "--select", "installs", "environment.yml"]) == 0
    assert capsys.readouterr().out == "No issues found in 2 files\nNo issues found in 1 file\n"


def test_a_repository_without_such_files_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in INSTALLING:
        (folder / name).unlink()
    assert main(["lint", "--select", "installs"]) == 0
    assert capsys.readouterr().err == "lockstep: no Dockerfiles, scripts or workflows found\n"


def test_a_diff_is_a_patch_that_applies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--diff", *INSTALLING]) == 1
    subprocess.run(["git", "apply", "-p0", "-"], input=capsys.readouterr().out, text=True, check=True)
    assert (folder / "docker/Dockerfile").read_text() == "FROM python\nRUN conda clean -y --all\n"
    assert "run: conda clean -y --all\n" in (folder / ".github/workflows/test.yml").read_text()
    assert main(["lint", "--diff", *INSTALLING]) == 0


@pytest.mark.parametrize("form", ["text", "github", "sarif", "junit", "json"])
def test_every_format_shows_them(folder: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert main(["lint", "--format", form, *INSTALLING]) == 1
    printed = capsys.readouterr().out
    assert all(name in printed for name in INSTALLING)
    assert "update-all" in printed


def test_a_baseline_keeps_old_findings_out_of_sight(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--write-baseline", "b.json", *INSTALLING]) == 0
    assert main(["lint", "--baseline", "b.json", *INSTALLING]) == 0
    (folder / "setup.sh").write_text("# more\nconda update --all -y\nconda clean\n")
    capsys.readouterr()
    assert main(["lint", "--baseline", "b.json", *INSTALLING]) == 1
    printed = capsys.readouterr().out
    assert "setup.sh:3:1: warning missing-yes" in printed
    assert "update-all" not in printed


def test_settings_silence_rules_by_file_and_move_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "lockstep.toml").write_text(
        '[per-file-ignores]\n"docker/" = ["installs"]\n"*.sh" = ["update-all"]\n[severity]\nmissing-yes = "error"\n'
    )
    assert main(["lint", *INSTALLING]) == 1
    printed = capsys.readouterr().out
    assert "docker/Dockerfile" not in printed
    assert "setup.sh" not in printed
    assert "test.yml:4:14: error missing-yes" in printed
