"""What a fix makes of a finding's lines, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from conda_lockstep.lint.engine.findings import EditAt, Finding
from conda_lockstep.render.findings.lines import BOLD, margin, visible
from conda_lockstep.terminal import paint

_GREEN, _RED = "32", "31"


def preview(finding: Finding, *, colour: bool = False) -> str:
    """Return what the fix does, and the finding's lines before and after it; empty without a fix.

    Lines are left out where the fix reaches beyond them, or would show a secret.
    """
    if finding.fix is None:
        return ""
    width = margin(finding)
    headline = f"{paint('fix', BOLD, colour)} ({finding.fix.safety}): {visible(finding.fix.message)}"
    lines = [f"{' ' * width} = {headline}", *_changed(finding, " " * width, colour)]
    return "\n".join(lines) + "\n"


def _changed(finding: Finding, indent: str, colour: bool) -> Iterator[str]:
    edits = finding.fix.edits if finding.fix else ()
    # The end of a removed line is the start of the one below.
    before = [*finding.lines, ""]
    after = _applied(before, edits, finding.line)
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag != "equal":
            for sign, code, lines in (
                ("-", _RED, before[start:end]),
                ("+", _GREEN, after[new_start:new_end]),
            ):
                yield from (f"{indent} {paint(f'{sign} {visible(line)}', code, colour)}" for line in lines)


def _applied(lines: list[str], edits: tuple[EditAt, ...], first: int) -> list[str]:
    """Return lines with edits made, the lines themselves where an edit reaches beyond them."""
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, reverse=True):
        top, bottom = edit.line - first, edit.end_line - first
        if not 0 <= top <= bottom < len(lines) or edit.end_column > len(lines[bottom]) + 1:
            return lines
        start, end = starts[top] + edit.column - 1, starts[bottom] + edit.end_column - 1
        text = text[:start] + edit.text.replace("\r\n", "\n").replace("\r", "\n") + text[end:]
    return text.split("\n")
