"""Finds the marker lines that an unresolved merge leaves in a file."""

from __future__ import annotations

import re

from conda_lockstep.text.source import Span

MARKER = r"(?m)^(?:<{7}|>{7})(?=[ \r]|$)"
"""The start of a line that separates the sides; compiled where it is first used."""


def conflict_marker(text: str) -> Span | None:
    """Return the place of the first ``<<<<<<<`` or ``>>>>>>>`` at the start of a line; None without one.

    ``=======`` alone does not count: it also underlines headings.
    """
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return None
    match = re.search(MARKER, text)
    return Span(*match.span()) if match else None
