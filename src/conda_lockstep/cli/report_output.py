"""How commands print a drift report, and when it fails them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from conda_lockstep import terminal
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.report import Report, Row

Format: TypeAlias = Literal["text", "json", "markdown", "html"]
FORMATS: tuple[Format, ...] = ("text", "json", "markdown", "html")

SAME, DRIFT = 0, 1


def render(report: Report, format: str, *, colour: bool = False) -> str:  # noqa: A002
    """Return a report in one of :data:`FORMATS`. Raise ``LockstepError`` for an unknown format."""
    if format == "json":
        from conda_lockstep.render.drift import json as drift_json

        return drift_json.dumps(report)
    if format == "markdown":
        from conda_lockstep.render.drift import markdown

        return markdown.render(report)
    if format == "html":
        from conda_lockstep.render.drift import html

        return html.render(report)
    if format == "text":
        from conda_lockstep.render.drift import text as drift_text

        return drift_text.render(report, colour=colour)
    raise LockstepError(f"unknown format '{format}'", remedy=f"choose from: {', '.join(FORMATS)}")


def fails(rows: Iterable[Row], fail_on: str) -> bool:
    """Return whether a change is as bad as ``fail_on``. Raise ``LockstepError`` for an unknown severity."""
    from conda_lockstep.drift.report import SEVERITIES, at_least

    if fail_on == "never":
        return False
    if fail_on == "any":
        return any(True for _ in rows)
    for severity in SEVERITIES:
        if severity == fail_on:
            return bool(at_least(rows, severity))
    known = ", ".join(("any", *SEVERITIES, "never"))
    raise LockstepError(f"unknown severity '{fail_on}'", remedy=f"choose from: {known}")


def write(text: str, output: str | Path | None, format: str = "json") -> None:  # noqa: A002
    """Write to a file, or to standard output for None: text for people is folded, documents are UTF-8."""
    if output is None:
        (terminal.write_text if format == "text" else terminal.write_document)(text)
    else:
        from conda_lockstep.text.atomic import write_text

        write_text(Path(output), text)
