"""The runner's side channels, with text that tries to be more than text."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.workflow_commands import group, quoted, write_outputs, write_summary


def test_quoted_text_ends_with_a_word_nobody_can_guess() -> None:
    words = []
    for _ in range(2):
        stream = io.StringIO()
        with quoted(stream):
            print("::set-output name=x::y", end="", file=stream)
        lines = stream.getvalue().splitlines()
        word = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", lines[0])
        assert word is not None
        assert lines[1:] == ["::set-output name=x::y", f"::{word[1]}::"]
        words.append(word[1])
    assert words[0] != words[1]


def test_commands_start_again_after_a_failure() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), quoted(stream), group("solve", stream):
        raise RuntimeError
    lines = stream.getvalue().splitlines()
    assert "::endgroup::" in lines
    assert lines[-1] == lines[0].replace("::stop-commands::", "::") + "::"


def test_outputs_hold_any_text(tmp_path: Path) -> None:
    path = tmp_path / "out"
    values = {"drift": "true", "report": "one\nEOF\nsecret=stolen\nend-", "empty": ""}
    write_outputs(path, values)
    write_outputs(path, {"later": "yes"})
    assert parse_outputs(path.read_text()) == {**values, "later": "yes"}


def parse_outputs(text: str) -> dict[str, str]:
    """Read the file as the runner does."""
    found = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n?^\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


def test_summaries_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    for part in ("# one", "# two\n\n"):
        write_summary(path, part)
    assert path.read_text() == "# one\n# two\n"


def test_a_summary_over_the_limit_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    with pytest.raises(LockstepError, match="GitHub's limit is 1,048,576"):
        write_summary(path, "é" * 600_000)
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match="gone/out: cannot be written: No such file"):
        write_outputs(tmp_path / "gone" / "out", {"a": "b"})
