"""Findings as commands to the runner, with text that tries to be more than text."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.render.finding_samples import hostile, note, unpinned

from conda_lockstep.render.findings.annotations import annotation, render


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (annotation("error", "unpinned"), "::error::unpinned"),
        (
            annotation("warning", "two\nlines, 100%", file="a,b:c\n.yml", line=7, column=5, title="x: y"),
            "::warning file=a%2Cb%3Ac%0A.yml,line=7,col=5,title=x%3A y::two%0Alines, 100%25",
        ),
        (
            annotation("notice", "::error::no", file="e.yml", line=1),
            "::notice file=e.yml,line=1::::error::no",
        ),
    ],
)
def test_annotations_are_one_line_and_escaped(command: str, expected: str) -> None:
    assert command == expected
    assert "\n" not in command


def test_a_finding_is_shown_beside_its_entry_with_what_to_do() -> None:
    assert render([unpinned()], Path.cwd()) == (
        "::warning file=environment.yml,line=4,col=5,endLine=4,endColumn=10,title=unpinned-conda"
        "::'numpy' has no version%0Awrite numpy=2.1\n"
    )


def test_over_several_lines_no_end_column_is_given() -> None:
    assert render([note()], Path.cwd()) == (
        "::notice file=environment.yml,line=2,col=1,endLine=3,title=defaults-channel::mixes channels\n"
    )


def test_paths_count_from_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "envs"
    below.mkdir()
    monkeypatch.chdir(below)
    shown = render([unpinned("gpu.yml"), unpinned("../cpu.yml"), unpinned(str(below / "x.yml"))], tmp_path)
    assert [line.split(",")[0] for line in shown.splitlines()] == [
        "::warning file=envs/gpu.yml",
        "::warning file=cpu.yml",
        "::warning file=envs/x.yml",
    ]


def test_no_text_of_a_file_becomes_a_command_of_its_own() -> None:
    shown = render([hostile()], Path.cwd())
    assert len(shown.splitlines()) == 1
    assert shown.startswith("::warning file=")
    assert shown.rstrip("\n").isprintable()
