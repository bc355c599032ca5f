"""A file's text, and the arithmetic between offsets and lines.

The records of the lint path are named tuples, not dataclasses: a hook starts anew for every commit, and twenty frozen
dataclasses, with the ``inspect`` they import, take longer to create than an environment file takes to read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from conda_lockstep.errors import Location, LockstepError


class Span(NamedTuple):
    """Half-open range of character offsets into :attr:`Source.text`."""

    start: int
    end: int


class Source(NamedTuple):
    """A text with its path.

    ``text`` keeps the line ends as they are in the file; ``bom`` says that a byte order mark was cut off.
    """

    path: str
    text: str
    line_starts: tuple[int, ...]
    bom: bool = False

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """Index the lines of a text (LF, CRLF or CR)."""
        bom = text.startswith("\ufeff")
        text = text[1:] if bom else text
        if "\r" in text:
            starts = (0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text)))
        else:
            starts = (0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1]))
        return cls(path, text, starts, bom)

    @property
    def content(self) -> str:
        """Return the text as the file holds it, byte order mark included."""
        return f"\ufeff{self.text}" if self.bom else self.text

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def place(self, span: Span) -> tuple[int, int, int, int]:
        """Return line and column of where a span begins, and of where it ends."""
        starts = self.line_starts
        line = bisect_right(starts, span.start)
        end_line = bisect_right(starts, span.end, line - 1)
        return line, span.start - starts[line - 1] + 1, end_line, span.end - starts[end_line - 1] + 1

    def location(self, offset: int) -> Location:
        """Return the place of an offset, for messages."""
        return Location(self.path, *self.position(offset))

    def line(self, number: int) -> str:
        """Return a line (from 1) without its end."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def line_span(self, number: int) -> Span:
        """Return the range of a line (from 1), its line end included."""
        is_last = number == len(self.line_starts)
        return Span(self.line_starts[number - 1], len(self.text) if is_last else self.line_starts[number])

    def rest_of_line(self, offset: int) -> Span:
        """Return the range from an offset to the end of its line, the line end left out."""
        number = bisect_right(self.line_starts, offset)
        return Span(offset, self.line_starts[number - 1] + len(self.line(number)))

    @property
    def newline(self) -> str:
        """Return the line end that the file uses, by its first line; LF where there is none."""
        if len(self.line_starts) == 1:
            return "\n"
        end = self.line_starts[1]
        return "\r\n" if self.text.startswith("\r\n", end - 2) else self.text[end - 1]


class UnreadableFileError(LockstepError):
    """The file is not an environment file that any tool could read; ``start`` is the offset at which it breaks.

    ``recoded`` is the text where only its encoding is wrong, and which one is certain.
    """

    def __init__(
        self,
        what: str,
        source: Source,
        start: int,
        *,
        remedy: str,
        recoded: str | None = None,
    ) -> None:
        self.start = start
        self.source = source
        self.recoded = recoded
        super().__init__(what, where=source.location(start), remedy=remedy)
