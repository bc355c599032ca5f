"""The tables of facts in ``data/``: plain text that a person can mend, one row a line, each with source and date."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def table(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of ``data/NAME.txt``.

    Columns are parted by two blanks or more, so that a cell may be a sentence; what follows a ``#`` is a comment; a
    cell that is ``-`` is empty. Missing cells at the end of a row are empty, too.
    """
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    rows = [[_cell(cell) for cell in line.split("  ") if cell.strip()] for line in lines if line]
    width = max((len(row) for row in rows), default=0)
    return tuple(tuple(row + [""] * (width - len(row))) for row in rows)


def _cell(cell: str) -> str:
    cell = cell.strip()
    return "" if cell == "-" else cell
