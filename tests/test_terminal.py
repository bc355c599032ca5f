"""The terminal: one decision on color, lines that break between words, and output in any encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_lockstep import terminal
from conda_lockstep.cli import main as cli


class Stream(io.StringIO):
    """A stream that is a terminal, or is not."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("choice", "is_terminal", "environ", "colored"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": ""}, False),
        ("auto", False, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ("auto", True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color_is_decided_by_option_then_environment_then_terminal(
    choice: str, is_terminal: bool, environ: dict[str, str], colored: bool
) -> None:
    assert terminal.use_color(choice, Stream(terminal=is_terminal), environ) is colored


@pytest.mark.parametrize(
    ("is_terminal", "environ", "shown"),
    [(True, {}, True), (False, {}, False), (True, {"CI": "true"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_progress_is_shown_on_a_terminal_outside_ci(
    is_terminal: bool, environ: dict[str, str], shown: bool
) -> None:
    assert terminal.show_progress(Stream(terminal=is_terminal), environ) is shown


@pytest.mark.parametrize(
    ("number", "noun", "plural", "text"),
    [(0, "file", "", "0 files"), (1, "file", "", "1 file"), (2, "entry", "entries", "2 entries")],
)
def test_a_count_has_the_right_plural(number: int, noun: str, plural: str, text: str) -> None:
    assert terminal.count(number, noun, plural) == text


def test_a_table_row_continues_below_its_last_column() -> None:
    row = "  numpy    1.26  2.1  edit environment.yml:7, which allows only versions below two"
    assert terminal.fold(row, 50).splitlines() == [
        "  numpy    1.26  2.1  edit environment.yml:7,",
        "                      which allows only versions",
        "                      below two",
    ]


@given(st.text("ab \x1b[1m\n", max_size=200), st.integers(1, 60))
def test_folding_never_changes_or_breaks_a_word(text: str, columns: int) -> None:
    assert terminal.fold(text, columns).split() == text.split()


@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1), st.integers(20, 80))
def test_a_folded_line_fits(words: list[str], columns: int) -> None:
    assert max(map(len, terminal.fold(" ".join(words), columns).splitlines())) <= columns


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    old = "channels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.11\n  - numpy=1.26\n"
    (tmp_path / "old.yml").write_text(old)
    (tmp_path / "new.yml").write_text(old.replace("1.26", "2.1"))
    for name in ("größe-日本.yml", "entry.yml"):
        (tmp_path / name).write_text("dependencies:\n  - numpy  # 日本語 → é\n", encoding="utf-8")
    return tmp_path


ENCODINGS: dict[str, dict[str, str]] = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "gbk": {"PYTHONIOENCODING": "gbk"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C locale": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
}
TEXT_COMMANDS = {
    "rules": 0,
    "explain unpinned-conda": 0,
    "diff old.yml new.yml": 1,
    "lint größe-日本.yml": 1,
    "lint --show-fixes größe-日本.yml": 1,
    "fmt --check größe-日本.yml": None,
    "--help": 0,
    "lint --help": 0,
}
DOCUMENT_COMMANDS = (
    "rules --format json",
    "diff old.yml new.yml --format json",
    "diff old.yml new.yml --format markdown",
    "diff old.yml new.yml --format html",
    "lint entry.yml --format json",
    "lint entry.yml --format sarif",
    "lint entry.yml --format junit",
)


def run(folder: Path, command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "conda_lockstep", *command.split()],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", TEXT_COMMANDS)
def test_text_is_readable_in_any_encoding(folder: Path, command: str, encoding: str) -> None:
    expected = run(folder, command, {"PYTHONIOENCODING": "utf-8"})
    done = run(folder, command, ENCODINGS[encoding])
    assert done.returncode == expected.returncode
    assert (
        done.returncode in (0, 1)
        if TEXT_COMMANDS[command] is None
        else TEXT_COMMANDS[command] == done.returncode
    )
    assert b"Error" not in done.stderr
    done.stdout.decode("ascii" if encoding == "C locale" else encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", DOCUMENT_COMMANDS)
def test_a_document_is_the_same_utf_8_in_any_encoding(folder: Path, command: str, encoding: str) -> None:
    expected = run(folder, command, {"PYTHONIOENCODING": "utf-8"})
    done = run(folder, command, ENCODINGS[encoding])
    assert (done.returncode, done.stdout) == (expected.returncode, expected.stdout)
    text = done.stdout.decode("utf-8")
    if "json" in command or "sarif" in command:
        json.loads(text)


def test_arrows_and_dashes_have_stand_ins_and_the_rest_is_escaped() -> None:
    assert terminal.stand_in("a → b – c… é") == "a -> b - c... \\xe9"


@pytest.mark.parametrize("debug", [False, True])
def test_an_unexpected_error_is_exit_2_and_never_drift(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: bool
) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("conda_lockstep.cli.environment.rules.run", fail)
    assert cli.main([*(["--debug"] if debug else []), "rules"]) == 2
    error = capsys.readouterr().err
    assert "unexpected error: ZeroDivisionError: of ours" in error
    assert "/issues" in error
    assert ("Traceback" in error) is debug
    assert debug or error.count("\n") == 1
