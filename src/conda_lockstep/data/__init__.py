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
    lines = (line.partition("#")[0].strip() for line in content(name).decode("utf-8").splitlines())
    rows = [[_cell(cell) for cell in line.split("  ") if cell.strip()] for line in lines if line]
    width = max((len(row) for row in rows), default=0)
    return tuple(tuple(row + [""] * (width - len(row))) for row in rows)


def content(name: str) -> bytes:
    """Return the bytes of ``data/NAME.txt``, from a folder or from the archive that a bare node runs."""
    path = _FOLDER / f"{name}.txt"
    if path.is_file():
        return path.read_bytes()
    from pkgutil import get_data

    return get_data(__name__, path.name) or b""


def _cell(cell: str) -> str:
    cell = cell.strip()
    return "" if cell == "-" else cell
