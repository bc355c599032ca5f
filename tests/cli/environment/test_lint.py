"""``lockstep lint``: what it prints in which form, and its exit status."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.test_cli import modules_after

from conda_lockstep.cli.main import main

FILE = """\
dependencies:
  - python=3.11
  - numpy 1.26   # exact by accident
  - pip:
      - transformers==4.44.0
"""
CHOSEN = ["--select", "accidental-exact,pip-not-listed", "environment.yml"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a file that has a safe and an unsafe fix."""
    (tmp_path / "environment.yml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("unsafe", [[], ["--unsafe-fixes"]])
def test_diff_is_what_fix_does_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], unsafe: list[str]
) -> None:
    file = folder / "environment.yml"
    assert main(["lint", "--diff", *unsafe, *CHOSEN]) == 1
    streams = capsys.readouterr()
    assert file.read_text() == FILE
    assert streams.err == f"would fix {2 if unsafe else 1} problem{'s' if unsafe else ''} in 1 file\n"
    subprocess.run(["git", "apply", "-p0", "-"], input=streams.out, text=True, check=True)
    patched = file.read_text()
    file.write_text(FILE)
    main(["lint", "--fix", *unsafe, *CHOSEN])
    assert file.read_text() == patched != FILE


def test_diff_of_what_needs_no_fix_is_empty(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--diff", "--select", "secrets", "environment.yml"]) == 0
    assert capsys.readouterr().out == ""


def test_diff_names_what_it_cannot_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.yml").write_text("dependencies: [\n")
    (folder / "utf-16.yml").write_bytes(FILE.encode("utf-16"))
    assert main(["lint", "--diff", "broken.yml", "gone.yml", "utf-16.yml", "environment.yml"]) == 2
    streams = capsys.readouterr()
    named = [line.split(":")[1].strip() for line in streams.err.splitlines()[:3]]
    assert named == ["broken.yml", "gone.yml", "utf-16.yml"]
    assert streams.out.startswith("--- environment.yml")


def test_statistics_count_each_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.yml").write_text(FILE.replace("  - pip:", "  - scipy 1.2\n  - pip:"))
    assert main(["lint", "--statistics", *CHOSEN, "other.yml"]) == 1
    assert capsys.readouterr().out == (
        "3  warning  accidental-exact  3 unsafe\n"
        "2  warning  pip-not-listed    2 safe\n"
        "\n"
        "5 warnings in 2 files; 2 fixable with --fix; 3 more with --fix --unsafe-fixes\n"
    )


def test_show_fixes_shows_the_lines_as_they_would_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", "--show-fixes", *CHOSEN]) == 1
    said = capsys.readouterr().out
    assert "  = fix (unsafe): allow 1.26.*\n  -   - numpy 1.26 " in said
    assert "\n  +   - numpy=1.26   # exact by accident\n" in said


@pytest.mark.parametrize(
    "options", [["--fix", "--diff"], ["--format", "json", "--statistics"], ["--show-fixes", "--statistics"]]
)
def test_what_excludes_each_other_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["lint", *options])
    assert stop.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    "module",
    [
        *(
            f"findings.{name}"
            for name in ("sarif", "junit", "annotations", "json", "unified_diff", "statistics")
        ),
        "findings.fix_preview",
        "paths",
    ],
)
def test_text_loads_no_other_format(folder: Path, module: str) -> None:
    loaded = modules_after("lint", str(folder / "environment.yml"))
    assert "conda_lockstep.render.findings.text" in loaded
    assert f"conda_lockstep.render.{module}" not in loaded


CLEAN = "name: a\nchannels: [conda-forge, nodefaults]\ndependencies: [python=3.12]\n"


@pytest.mark.parametrize(
    ("content", "options", "status"),
    [
        (CLEAN.encode(), [], 0),
        (CLEAN.replace(", nodefaults", "").encode(), [], 0),
        (CLEAN.replace(", nodefaults", "").encode(), ["--strict"], 1),
        (CLEAN.replace("nodefaults", "conda-forge").encode(), [], 1),
        (CLEAN.encode("utf-16"), [], 2),
        (b"a: [\n", ["--select", "secrets"], 2),
        (b"<<<<<<< HEAD\n", ["--ignore", "unreadable-file"], 2),
        (b"#" * (1 << 20) + b"#", [], 2),
        (b"a: &a [*a]\n", [], 2),
        (b"", [], 2),
    ],
)
def test_the_exit_status_tells_clean_from_found_from_unreadable(
    folder: Path, content: bytes, options: list[str], status: int
) -> None:
    (folder / "environment.yml").write_bytes(content)
    assert main(["lint", "environment.yml", *options]) == status


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif", "junit"])
def test_a_file_that_cannot_be_read_is_a_finding_in_every_format(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (folder / "environment.yml").write_bytes(FILE.encode("utf-16"))
    assert main(["lint", "--format", output, "--select", "secrets", "environment.yml"]) == 2
    streams = capsys.readouterr()
    assert "unreadable-file" in streams.out
    assert "UTF-16LE" in streams.out
    assert streams.err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.yml", "lockstep: gone.yml: no such file; check the path\n"),
        ("empty", "lockstep: empty: no such files found below this folder; pass the files to look at\n"),
    ],
)
def test_what_is_no_file_is_one_line_and_the_others_are_looked_at(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    (folder / "empty").mkdir()
    assert main(["lint", name, "environment.yml"]) == 2
    streams = capsys.readouterr()
    assert streams.err == said
    assert "environment.yml:3:5: " in streams.out


def test_what_fix_did_is_said_and_what_is_left_decides(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "environment.yml"
    file.write_text(CLEAN.replace("nodefaults", "conda-forge, nodefaults"))
    assert main(["lint", "--fix", "environment.yml"]) == 0
    assert file.read_text() == CLEAN
    assert capsys.readouterr().out == (
        "environment.yml: fixed duplicate-channel: delete the second 'conda-forge'\n\n"
        "fixed 1 problem; no issues left in 1 file\n"
    )


def test_a_file_that_needs_no_fix_is_not_written(folder: Path) -> None:
    file = folder / "environment.yml"
    file.write_bytes(("\ufeff" + CLEAN.replace("\n", "\r\n")).encode())
    before = file.stat().st_mtime_ns, file.stat().st_ino, file.read_bytes()
    assert main(["lint", "--fix", "--unsafe-fixes", "environment.yml"]) == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino, file.read_bytes()) == before


def test_the_requirements_files_that_a_file_names_are_linted_and_fixed_with_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "environment.yml").write_text("dependencies:\n- pip:\n  - -r requirements/base.txt\n")
    (folder / "requirements").mkdir()
    base = folder / "requirements" / "base.txt"
    base.write_text("foo=1  # pinned\n")
    select = ["--select", "invalid-requirement"]
    assert main(["lint", *select, "environment.yml"]) == 1
    assert capsys.readouterr().out.startswith("requirements/base.txt:1:4: error invalid-requirement: ")
    assert main(["lint", *select, "--write-baseline", "baseline.json", "environment.yml"]) == 0
    assert main(["lint", *select, "--baseline", "baseline.json", "environment.yml"]) == 0
    assert main(["lint", *select, "--fix", "environment.yml"]) == 0
    assert base.read_text() == "foo==1  # pinned\n"
    base.write_bytes(b"\xff")
    capsys.readouterr()
    assert main(["lint", "environment.yml"]) == 2
    assert "requirements/base.txt:1:1: error unreadable-file: " in capsys.readouterr().out
