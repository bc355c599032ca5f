"""Lines of findings: the margin of their numbers, and text that is safe on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conda_lockstep.lint.engine.runner import Finding

BOLD = "1"
"""The SGR code for bold."""


def margin(finding: Finding) -> int:
    """Return how wide the line numbers of a finding are."""
    last = finding.line + len(finding.lines) - 1
    return len(str(max(last, *(line for line, *_ in finding.also)) if finding.also else last))


def visible(text: str) -> str:
    """Return text that cannot move a terminal's cursor, recolour it or reorder what is read."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char == "\t" else f"\\u{ord(char):04x}" for char in text
    )
