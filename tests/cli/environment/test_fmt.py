from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.support.corpus import environment_files
from tests.support.repository import Repository

from conda_lockstep.cli.main import main
from conda_lockstep.config import Config
from conda_lockstep.environment.format import canonical
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint

UGLY = "name: demo\nchannels:\n- conda-forge\ndependencies:\n- numpy=1.26  # ABI\n- python=3.11\n"
NEAT = "name: demo\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - numpy=1.26  # ABI\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ugly() -> Path:
    file = Path("environment.yml")
    file.write_text(UGLY)
    return file


def test_a_file_is_formatted_in_place_and_then_left(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "environment.yml"]) == 0
    assert ugly.read_text() == NEAT
    assert capsys.readouterr() == (
        "environment.yml: formatted\n1 file formatted, 0 files left as they are\n",
        "",
    )
    stamp = ugly.stat().st_mtime_ns
    assert main(["fmt", "environment.yml"]) == 0
    assert ugly.stat().st_mtime_ns == stamp
    assert capsys.readouterr().out == "0 files formatted, 1 file left as it is\n"


def test_check_writes_nothing_and_fails(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("neat.yml").write_text(NEAT)
    assert main(["fmt", "--check", "neat.yml"]) == 0
    capsys.readouterr()
    assert main(["fmt", "--check", "environment.yml", "neat.yml"]) == 1
    assert ugly.read_text() == UGLY
    assert capsys.readouterr().out == (
        "environment.yml: would be formatted\n1 file would be formatted, 1 file left as it is\n"
    )


@pytest.mark.parametrize("text", [UGLY, UGLY.replace("\n", "\r\n"), UGLY.rstrip("\n")])
def test_the_diff_is_one_that_git_applies(
    ugly: Path, text: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    ugly.write_bytes(text.encode())
    assert main(["fmt", "--diff", "environment.yml"]) == 1
    assert ugly.read_bytes() == text.encode()
    patch, said = capfdbinary.readouterr()
    assert said == b"1 file would be formatted, 0 files left as they are\n"
    Path("fmt.patch").write_bytes(patch)
    subprocess.run(["git", "apply", "-p0", "fmt.patch"], check=True)
    diffed = ugly.read_bytes()
    ugly.write_bytes(text.encode())
    assert main(["fmt", "environment.yml"]) == 0
    assert ugly.read_bytes() == diffed


def test_a_secret_does_not_show_in_a_diff(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ugly.write_text(UGLY.replace("- conda-forge", "- https://me:hunter22@example.org/c"))
    main(["fmt", "--diff", "environment.yml"])
    assert "hunter22" not in capsys.readouterr().out
    main(["fmt", "environment.yml"])
    assert "  - https://me:hunter22@example.org/c\n" in ugly.read_text()


@pytest.mark.parametrize("options", [(), ("--check",), ("--diff",)])
def test_what_cannot_be_formatted_is_left_and_said_and_fails_nothing(
    ugly: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "dependencies:\n- &a numpy\n- python\n"
    ugly.write_text(text)
    assert main(["fmt", *options, "environment.yml"]) == 0
    assert ugly.read_text() == text
    assert "lockstep: environment.yml:2:3: not formatted: it holds an anchor; write the value out\n" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "lockstep: environment.yml: no such file; check the path\n"),
        (b"a: [", "lockstep: environment.yml:1:5: not YAML: "),
        (
            b"\xff\xfen\x00a\x00m\x00e\x00:\x00 \x00a\x00",
            "lockstep: environment.yml:1:1: the file is UTF-16LE, not UTF-8",
        ),
    ],
)
def test_what_cannot_be_read_fails_and_the_rest_is_formatted(
    content: bytes | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path("environment.yml").write_bytes(content)
    Path("good.yml").write_text(UGLY)
    assert main(["fmt", "environment.yml", "good.yml"]) == 2
    assert Path("good.yml").read_text() == NEAT
    out, err = capsys.readouterr()
    assert said in err
    assert out.endswith("1 file formatted, 0 files left as they are\n")


def test_without_files_those_of_the_repository_are_formatted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.folder)
    Path("environment.yml").write_text(UGLY)
    Path("values.yml").write_text("b:\n- c\n")
    assert main(["fmt"]) == 0
    assert Path("environment.yml").read_text() == NEAT
    assert (
        capsys.readouterr().out == "environment.yml: formatted\n1 file formatted, 0 files left as they are\n"
    )


def test_the_rule_about_order_has_nothing_to_say_of_what_was_formatted() -> None:
    config = Config()
    chosen = lint.select(config, ("unsorted",))
    for path in environment_files("environments"):
        try:
            text = canonical(read(path))
        except LockstepError:  # some of our own cases are broken on purpose
            continue
        assert lint.lint(lint.parse_text(text, path.name), chosen, config) == []


def test_a_generated_file_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"# Generated by rapids-dependency-file-generator. To make changes, edit dependencies.yaml\n{UGLY}"
    Path("environment.yml").write_text(text)
    assert main(["fmt", "environment.yml"]) == 0
    assert Path("environment.yml").read_text() == text
    assert (
        "environment.yml: is a generated file, which is not formatted; change it in"
        in capsys.readouterr().err
    )


def test_permissions_stay(ugly: Path) -> None:
    ugly.chmod(0o640)
    main(["fmt", "environment.yml"])
    assert ugly.stat().st_mode & 0o777 == 0o640


def test_formatting_changes_no_finding_but_its_place(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ugly.write_text(
        "# lockstep: ignore-file=channels\nchannels: [conda-forge]\nname: demo\ndependencies:\n- scipy\n"
        "- numpy  # lockstep: ignore=unpinned-conda\n# lockstep: ignore=unpinned-conda why\n- zlib\n- attrs\n"
    )
    main(["lint", "environment.yml", "--format", "json"])
    before = capsys.readouterr().out
    main(["fmt", "environment.yml"])
    capsys.readouterr()
    main(["lint", "environment.yml", "--format", "json"])
    after = capsys.readouterr().out

    def told(text: str) -> list[str]:
        return sorted(line for line in text.splitlines() if '"message"' in line or '"rule"' in line)

    assert told(after) == told(before)
    assert "unused-suppression" not in after
