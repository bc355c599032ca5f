"""What a fix makes of a finding's lines."""

from __future__ import annotations

import pytest
from tests.render.finding_samples import hostile, note, unpinned

from conda_lockstep.lint.engine.runner import EditAt, Finding, FixAt
from conda_lockstep.render.findings.fix_preview import preview


def fixed(*edits: EditAt) -> Finding:
    """``numpy`` on line 4 with a fix of these edits."""
    return unpinned()._replace(fix=FixAt("mend it", "safe", edits), also=())


@pytest.mark.parametrize(
    ("edits", "shown"),
    [
        ([EditAt(4, 5, 4, 10, "numpy=2.1")], ["-   - numpy", "+   - numpy=2.1"]),
        ([EditAt(4, 1, 5, 1, "")], ["-   - numpy"]),
        ([EditAt(4, 1, 4, 1, "  - pip\n")], ["+   - pip"]),
        ([EditAt(5, 1, 5, 1, "  - pip\r\n")], ["+   - pip"]),
        ([EditAt(4, 5, 4, 5, "a::"), EditAt(4, 10, 4, 10, "=2")], ["-   - numpy", "+   - a::numpy=2"]),
        ([EditAt(2, 1, 2, 3, "x")], []),
        ([EditAt(4, 5, 9, 1, "x")], []),
        ([], []),
    ],
)
def test_the_lines_are_shown_before_and_after(edits: list[EditAt], shown: list[str]) -> None:
    head, *lines = preview(fixed(*edits)).splitlines()
    assert head == "  = fix (safe): mend it"
    assert [line.removeprefix("  ") for line in lines] == shown


def test_without_a_fix_nothing_is_said() -> None:
    assert preview(note()) == ""


def test_it_is_printable_whatever_the_file_holds() -> None:
    shown = preview(hostile()).splitlines()
    assert len(shown) > 1
    assert all(line.isprintable() for line in shown)
