"""The value of a YAML scalar with the position in the file of each of its characters."""

from __future__ import annotations

import re

import yaml

from conda_lockstep.lint.targets.install_script.shell.piece import Piece


def piece_of(text: str, node: yaml.ScalarNode) -> Piece | None:
    """Return a scalar of a file's text; None if its value cannot be matched with the text."""
    start, end = node.start_mark.index, node.end_mark.index
    value: str = node.value
    begin = start + (node.style in ("'", '"'))
    if text.startswith(value, begin) and begin + len(value) <= end:
        return Piece(value, range(begin, begin + len(value)))
    if node.style in ("|", ">"):
        begin = text.find("\n", start, end) + 1
    places = _aligned(text, value, begin, end, node.style or "")
    return Piece(value, places) if places is not None else None


def _aligned(text: str, value: str, at: int, end: int, style: str) -> list[int] | None:
    """Return the position of each character of a value, by reading value and text in parallel."""
    places: list[int] = []
    for char in value:
        found = _next(text, char, at, end, style)
        if found is None:
            return None
        place, at = found
        places.append(place)
    return places


def _next(text: str, char: str, at: int, end: int, style: str) -> tuple[int, int] | None:
    """Return the position of a character of the value, and the earliest position of the next."""
    while at < end:
        here = text[at]
        if style == '"' and here == "\\":
            joined = _JOINED.match(text, at)
            if joined is None:
                return at, at + _ESCAPES.get(text[at + 1], 2)
            at = joined.end()
            continue
        if style == "'" and here == "'":
            return at, at + 2
        if here == char:
            return at, at + 1
        if char in " \n" and here in "\r\n":
            # A fold: line ends and indentation are one blank, or as many line ends as there are empty lines.
            return at, at + 1
        if here not in " \t\r\n":
            return None
        at += 1
    # A value may end with a line end that the file lacks.
    return (end - 1, end) if char == "\n" else None


_ESCAPES = {"x": 4, "u": 6, "U": 10}
_JOINED = re.compile(r"\\(?:\r\n?|\n)[ \t]*")
