"""The setting ``exclude``: what ``lint`` and ``fmt`` leave out when they search, and what they never leave out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.repository import Repository

from conda_lockstep.cli.main import main

FILE = "name: x\nchannels: [conda-forge, nodefaults]\ndependencies:\n- numpy\n"
FILES = ("environment.yml", "tests/bad/environment.yml", "sub/examples/environment.yml", "sub/dev.yml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with four environment files, all of which ``unpinned-conda`` reports."""
    Repository(tmp_path).write(dict.fromkeys(FILES, FILE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def linted(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    main(["lint", "--select", "unpinned-conda", *arguments])
    found = {line.split(":")[0] for line in capsys.readouterr().out.splitlines() if ": warning " in line}
    return {name.replace("\\", "/") for name in found}


@pytest.mark.parametrize(
    ("globs", "left"),
    [
        ([], set(FILES)),
        (["tests/"], {"environment.yml", "sub/examples/environment.yml", "sub/dev.yml"}),
        (["tests/", "**/examples/*"], {"environment.yml", "sub/dev.yml"}),
        (["environment.yml"], {"sub/dev.yml"}),
        (["*.yml"], set()),
    ],
)
def test_excluded_files_are_not_discovered(
    folder: Path, capsys: pytest.CaptureFixture[str], globs: list[str], left: set[str]
) -> None:
    (folder / "lockstep.toml").write_text(f"exclude = {globs!r}\n".replace("'", '"'))
    assert linted(capsys) == left
    if left:
        assert linted(capsys, ".") == left


def test_globs_are_relative_to_the_settings_and_not_to_the_folder_that_is_searched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lockstep.toml").write_text('exclude = ["sub/examples/"]\n')
    assert linted(capsys, "sub") == {"sub/dev.yml"}
    monkeypatch.chdir(folder / "sub")
    assert linted(capsys) == {"dev.yml"}


def test_a_file_that_is_specified_is_linted_although_it_is_excluded(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "lockstep.toml").write_text('exclude = ["tests/"]\n')
    assert linted(capsys, FILES[1]) == {FILES[1]}


def test_formatting_excludes_the_same_files(folder: Path) -> None:
    (folder / "lockstep.toml").write_text('exclude = ["tests/", "sub/"]\n')
    (folder / "environment.yml").write_text(FILE.replace("- numpy", "-    numpy"))
    (folder / "sub" / "dev.yml").write_text(FILE.replace("- numpy", "-    numpy"))
    assert main(["fmt"]) == 0
    assert "-    numpy" not in (folder / "environment.yml").read_text()
    assert "-    numpy" in (folder / "sub" / "dev.yml").read_text()
