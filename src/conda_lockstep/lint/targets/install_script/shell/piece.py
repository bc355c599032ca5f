"""Text as a shell reads it, with the position in the file of each of its characters.

A Dockerfile joins lines, YAML removes indentation, and quotes are resolved. The remaining text is read like any other,
and every word keeps its position.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from conda_lockstep.text.source import Span


class Piece(NamedTuple):
    """A text, and the offset in the file of each of its characters; both are of the same length."""

    text: str
    at: Sequence[int]

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Piece:
        """Return a part of a file's text as is."""
        return cls(text[start:end], range(start, end))

    def part(self, start: int, end: int) -> Piece:
        """Return the piece between two offsets of its own text."""
        return Piece(self.text[start:end], self.at[start:end])

    def span(self, start: int, end: int) -> Span:
        """Return the span of ``text[start:end]`` in the file; an empty one is before the next character."""
        if start < end:
            return Span(self.at[start], self.at[end - 1] + 1)
        if start < len(self.at):
            return Span(self.at[start], self.at[start])
        end_of_all = self.at[-1] + 1 if self.at else 0
        return Span(end_of_all, end_of_all)


def join(parts: Sequence[Piece]) -> Piece:
    """Return several pieces as one, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Piece("".join(part.text for part in parts), list(chain.from_iterable(part.at for part in parts)))
