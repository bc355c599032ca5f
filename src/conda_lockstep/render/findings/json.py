"""Findings for programs: a JSON array of objects, one per finding."""

from __future__ import annotations

import json
from collections.abc import Sequence

from conda_lockstep.lint.engine.findings import Finding, FixAt


def render(findings: Sequence[Finding]) -> str:
    """Return the array, in the order of the findings; lines and columns from 1, ends exclusive."""
    return json.dumps([_finding(finding) for finding in findings], indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "also": [
            {"line": line, "column": column, "end_column": end_column, "message": message}
            for line, column, end_column, message in finding.also
        ],
        "fix": _fix(finding.fix),
    }


def _fix(fix: FixAt | None) -> dict[str, object] | None:
    if fix is None:
        return None
    edits = [
        {
            "line": edit.line,
            "column": edit.column,
            "end_line": edit.end_line,
            "end_column": edit.end_column,
            "text": edit.text,
        }
        for edit in fix.edits
    ]
    return {"message": fix.message, "safety": fix.safety, "edits": edits}
