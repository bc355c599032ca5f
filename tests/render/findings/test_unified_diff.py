"""The diff of what would change: a patch that applies, and no secret in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse
from conda_lockstep.render.findings.unified_diff import unified

HEAD = "dependencies:\n"


def file(text: str) -> EnvironmentFile:
    """An environment file named ``e.yml``."""
    return parse(text, "e.yml")


def patched(folder: Path, before: str, patch: str) -> str:
    """Apply a patch as git does."""
    path = folder / "e.yml"
    path.write_bytes(before.encode())
    command = ["git", "apply", "-p0", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=patch.encode(), check=True, capture_output=True)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}- a\n", f"{HEAD}- b\n"),
        (f"{HEAD}- a\n- b\n", f"{HEAD}- b\n"),
        (f"{HEAD}- a", f"{HEAD}- a\n- b"),
        (f"{HEAD}- a\n", f"{HEAD}- a"),
        (f"{HEAD}- a\r\n- b\r\n", f"{HEAD}- a\r\n- c\r\n"),
        (f"{HEAD}- a # \x85 \u2028\n- b\n", f"{HEAD}- a # \x85 \u2028\n- c\n"),
    ],
)
def test_git_applies_it(tmp_path: Path, before: str, after: str) -> None:
    assert patched(tmp_path, before, unified(file(before), file(after))) == after


LINES = st.lists(st.sampled_from(["- a", "- b", "- c", "- d # x"]), min_size=1, max_size=14)


@settings(max_examples=25, deadline=None)
@given(LINES, LINES)
def test_git_applies_any(tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]) -> None:
    before, after = (HEAD + "".join(f"{line}\n" for line in lines) for lines in (old, new))
    patch = unified(file(before), file(after))
    assert (patch == "") == (before == after)
    if patch:
        assert patched(tmp_path_factory.mktemp("patch"), before, patch) == after


def test_a_secret_shows_neither_as_it_was_nor_as_it_is() -> None:
    before = (
        "channels:\n  - https://u:hunter2secret@c.example.com/x\n"
        "dependencies: [a]\nvariables:\n  HF_TOKEN:  abcdefghijklmno\n  A: b\n"
    )
    after = before.replace("TOKEN:  ", "TOKEN: ").replace("/x", "/y")
    said = unified(file(before), file(after))
    assert "hunter2" not in said
    assert "abcdef" not in said
    assert "-  - https://u:*************@c.example.com/x\n" in said
    assert "+  - https://u:*************@c.example.com/y\n" in said
    assert "+  HF_TOKEN: ***************\n" in said


def test_on_a_terminal_no_text_of_the_file_moves_its_cursor() -> None:
    before = f'{HEAD}- a # \ufeff \u202e\n- "b"\n'
    said = unified(file(before), file(before.replace('"b"', "b")), colour=True)
    assert "\u202e" not in said
    assert "\x1b[31m-" in said
    assert "\x1b[32m+" in said
