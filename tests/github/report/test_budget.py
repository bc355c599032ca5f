"""Which findings GitHub shows beside the code, when it does not show them all."""

from __future__ import annotations

from conda_lockstep.github.handoff.handoff import Level, Remark
from conda_lockstep.github.report.budget import annotate


def remark(severity: Level, line: int) -> Remark:
    return Remark("unpinned-conda", severity, f"{severity} {line}", "environment.yml", line, 5)


def test_of_each_level_the_first_ten_are_shown_errors_first() -> None:
    levels: tuple[Level, ...] = ("note", "warning", "error")
    shown = annotate([remark(level, line) for line in range(30, 0, -1) for level in levels])
    assert [text.split("::")[-1] for text in shown] == [
        *(f"error {line}" for line in range(1, 11)),
        *(f"warning {line}" for line in range(1, 11)),
        *(f"note {line}" for line in range(1, 11)),
    ]


def test_a_finding_is_shown_beside_its_entry() -> None:
    assert annotate([remark("warning", 7)]) == [
        "::warning file=environment.yml,line=7,col=5,title=unpinned-conda::warning 7"
    ]
