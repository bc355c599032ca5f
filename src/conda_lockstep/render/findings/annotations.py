"""Findings as commands to GitHub's runner, which shows them beside the lines that they are about.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from conda_lockstep.lint.engine.findings import Finding
from conda_lockstep.lint.engine.registry import Severity
from conda_lockstep.render.findings.lines import visible
from conda_lockstep.render.paths import from_root

Level: TypeAlias = Literal["error", "warning", "notice"]

LEVELS: dict[Severity, Level] = {"error": "error", "warning": "warning", "note": "notice"}


def render(findings: Sequence[Finding], root: Path) -> str:
    """Return one command a line, in the order of the findings; of each level GitHub shows the first ten of a step."""
    return "".join(f"{_command(finding, root)}\n" for finding in findings)


def annotation(
    level: Level,
    message: str,
    *,
    file: str = "",
    line: int = 0,
    column: int = 0,
    end_line: int = 0,
    end_column: int = 0,
    title: str = "",
) -> str:
    """Return the command that shows a message beside lines of a file; 0 and empty parts are left out."""
    properties = {
        "file": file,
        "line": str(line or ""),
        "col": str(column or ""),
        "endLine": str(end_line or ""),
        "endColumn": str(end_column or ""),
        "title": title,
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level}{' ' + given if given else ''}::{data(message)}"


def data(text: str) -> str:
    """Escape the message of a command, so that it stays one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return data(text).replace(":", "%3A").replace(",", "%2C")


def _command(finding: Finding, root: Path) -> str:
    message = visible(finding.message)
    return annotation(
        LEVELS[finding.severity],
        f"{message}\n{visible(finding.help)}" if finding.help else message,
        file=visible(from_root(finding.path, root)),
        line=finding.line,
        column=finding.column,
        end_line=finding.end_line,
        # GitHub refuses columns where the lines differ.
        end_column=finding.end_column if finding.end_line == finding.line else 0,
        title=finding.rule,
    )
