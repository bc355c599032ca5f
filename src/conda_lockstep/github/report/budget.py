"""Selects the findings to annotate, within what GitHub shows for one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conda_lockstep.github.handoff.handoff import LEVELS, Remark
from conda_lockstep.render.findings.annotations import LEVELS as COMMANDS
from conda_lockstep.render.findings.annotations import annotation

# https://docs.github.com/actions/how-tos/troubleshoot-workflows: ten of each kind a step, the rest is dropped.
PER_LEVEL = 10


def annotate(remarks: Sequence[Remark]) -> list[str]:
    """Return workflow commands for the most severe remarks: ten a level, errors first."""
    shown: list[Remark] = []
    for level in LEVELS:
        shown += [remark for remark in by_severity(remarks) if remark.severity == level][:PER_LEVEL]
    return [
        annotation(
            COMMANDS[remark.severity],
            remark.message,
            file=remark.path,
            line=remark.line,
            column=remark.column,
            title=remark.rule,
        )
        for remark in shown
    ]


def by_severity(remarks: Iterable[Remark]) -> list[Remark]:
    """Sort by severity, then by place."""
    return sorted(
        remarks, key=lambda remark: (LEVELS.index(remark.severity), remark.path, remark.line, remark.column)
    )
