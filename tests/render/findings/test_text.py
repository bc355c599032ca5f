from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_lockstep.lint.engine.runner import Finding, FixAt
from conda_lockstep.render.findings import text

BASE = Finding(
    "unpinned-cuda", "gpu", "warning", "'cuda' has no version", "write one", "environment.yml",
    7, 5, 7, 9, ("  - cuda  # which?",),
)  # fmt: skip


def test_a_finding_is_its_place_its_line_a_mark_and_what_to_do() -> None:
    assert text.render([BASE]) == (
        "environment.yml:7:5: warning unpinned-cuda: 'cuda' has no version\n"
        "7 |   - cuda  # which?\n"
        "  |     ^^^^\n"
        "  = help: write one\n"
    )


def test_findings_are_parted_by_an_empty_line() -> None:
    assert text.render([BASE, BASE]) == text.render([BASE]) + "\n" + text.render([BASE])
    assert text.render([]) == ""


def test_other_places_are_named_and_numbers_stand_under_each_other() -> None:
    finding = BASE._replace(
        line=9, end_line=10, lines=("abcdef", "b"), also=((120, 3, 8, "first here"),), end_column=2
    )
    assert text.render([finding]).splitlines()[1:] == [
        "  9 | abcdef",
        "    |     ^^",
        " 10 | b",
        "    = environment.yml:120:3: first here",
        "    = help: write one",
    ]


def test_without_a_line_all_stands_on_one() -> None:
    finding = BASE._replace(lines=(), rule="unreadable-file", severity="error", message="not YAML")
    assert text.render([finding]) == "environment.yml:7:5: error unreadable-file: not YAML; write one\n"


@pytest.mark.parametrize(
    ("line", "column", "end", "shown", "mark"),
    [
        ("  - cuda", 5, 9, "  - cuda", "    ^^^^"),
        ("\tcuda", 2, 6, " cuda", " ^^^^"),
        ("\x1b[2Jcuda", 5, 9, "\\u001b[2Jcuda", "         ^^^^"),
        ("\u202ecuda", 2, 6, "\\u202ecuda", "      ^^^^"),
        ("\u6f22\u5b57 cuda", 4, 8, "\u6f22\u5b57 cuda", "     ^^^^"),
        ("cuda", 5, 5, "cuda", "    ^"),
        ("e\u0301 cuda", 4, 8, "e\u0301 cuda", "  ^^^^"),
    ],
)
def test_the_mark_stands_under_what_is_meant(line: str, column: int, end: int, shown: str, mark: str) -> None:
    finding = BASE._replace(lines=(line,), column=column, end_column=end)
    assert text.render([finding]).splitlines()[1:3] == [f"7 | {shown}", f"  | {mark}"]


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    line = "a" * 5000 + "cuda" + "b" * 5000
    shown, mark = text.render([BASE._replace(lines=(line,), column=5001, end_column=5005)]).splitlines()[1:3]
    assert len(shown) < 220
    assert shown[mark.index("^") : mark.rindex("^") + 1] == "cuda"
    assert shown.startswith("7 | \u2026")
    assert shown.endswith("\u2026")


@pytest.mark.parametrize(
    ("findings", "options", "expected"),
    [
        ([], {}, "No issues found in 1 file\n"),
        ([BASE], {}, "1 warning in 1 file\n"),
        ([BASE, BASE._replace(severity="error")], {}, "1 error, 1 warning in 1 file\n"),
        ([BASE._replace(fix=FixAt("x", "safe", ()))], {}, "1 warning in 1 file; 1 fixable with --fix\n"),
        (
            [BASE._replace(fix=FixAt("x", "unsafe", ()))],
            {},
            "1 warning in 1 file; 1 fixable with --fix --unsafe-fixes\n",
        ),
        ([], {"fixed": 2}, "fixed 2 problems; no issues left in 1 file\n"),
    ],
)
def test_the_last_line_counts(findings: list[Finding], options: dict[str, int], expected: str) -> None:
    assert text.summary(findings, 1, **options) == expected


def test_a_message_fits_a_screen_whatever_it_quotes() -> None:
    (first, *_) = text.render([BASE._replace(message=f"'{'a' * 100_000}' is wrong")]).splitlines()
    assert len(first) < 1100
    assert first.endswith("a' is wrong")


def test_colour_changes_no_character_of_the_text() -> None:
    import re

    coloured = text.render([BASE], colour=True)
    assert "\x1b[33m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render([BASE])


@given(st.text())
def test_no_text_moves_the_cursor(written: str) -> None:
    assert all(char.isprintable() for char in text.visible(written))


@given(st.text(max_size=40), st.integers(1, 40), st.integers(0, 10))
def test_every_line_can_be_shown(line: str, column: int, length: int) -> None:
    finding = BASE._replace(lines=(line,), column=column, end_column=column + length, message=line)
    for shown in text.render([finding]).splitlines():
        assert shown.isprintable()
