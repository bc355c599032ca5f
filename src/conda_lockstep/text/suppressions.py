"""Comments that silence rules: ``# lockstep: ignore=rule-name reason``, and ``ignore-file=`` for the whole file.

There are no brackets in them: conda-lock takes a trailing ``# …[x]`` for a selector, and drops the entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.text.source import Source, Span

if TYPE_CHECKING:
    from conda_lockstep.text.comments import CommentLayout

MARK = "lockstep:"
"""A text without it has no suppressions."""


class Name(NamedTuple):
    """The name of a rule or of a family, as written, with its place."""

    text: str
    span: Span


class Suppression(NamedTuple):
    """A comment that silences rules, or is meant to.

    It holds for the lines ``first`` to ``last``, both included; for the whole file where ``first`` is 0. ``span``
    reaches from its ``#`` to the end of what it says. ``names`` is empty where it is not written as it must be.
    """

    names: tuple[Name, ...]
    reason: str
    span: Span
    first: int
    last: int

    @property
    def whole_file(self) -> bool:
        """Say whether it is an ``ignore-file=``."""
        return self.first == 0

    def covers(self, line: int) -> bool:
        """Say whether it holds for a line."""
        return self.whole_file or self.first <= line <= self.last


def suppressions(source: Source) -> tuple[Suppression, ...]:
    """Return the suppressions of a YAML text, in its order.

    One at the end of a line holds for what stands on the line; one on a line of its own for the entry that follows,
    other comments and blank lines between them set aside. The lines of two suppressions are the same, or apart.
    """
    if MARK not in source.text:
        return ()
    # Only what has a suppression needs YAML's tokens, and PyYAML.
    from conda_lockstep.text.comments import layout

    found = layout(source)
    return in_comments(source, found.comments, _YamlExtents(source, found).lines)


def in_comments(
    source: Source, comments: Iterable[Span], lines: Callable[[Span], tuple[int, int]]
) -> tuple[Suppression, ...]:
    """Return the suppressions in some comments; ``lines`` says which lines a comment holds for, both included."""
    return tuple(
        suppression
        for comment in comments
        if MARK in source.text[slice(*comment)]
        for suppression in _in_comment(source, comment, lines)
    )


def is_alone(source: Source, comment: Span) -> bool:
    """Say whether a comment has its line for itself."""
    begin = source.line_starts[source.position(comment.start)[0] - 1]
    return not source.text[begin : comment.start].strip()


_DIRECTIVE = re.compile(r"#[ \t]*lockstep:[ \t]*")
_NAME = r"[A-Za-z0-9][\w-]*"
_WORD = re.compile(_NAME)
_IGNORE = re.compile(
    rf"(?P<kind>ignore-file|ignore)[ \t]*=[ \t]*(?P<names>{_NAME}(?:[ \t]*,[ \t]*{_NAME})*)(?=\s|$)[ \t]*(?P<reason>.*)"
)
_MEANT = re.compile(r"(?:ignore|disable|suppress|silence|skip|allow|no-?qa|no-?lint)", re.IGNORECASE)
"""How a comment begins that was meant to silence something; others are notes to people."""


def _in_comment(
    source: Source, comment: Span, lines: Callable[[Span], tuple[int, int]]
) -> Iterator[Suppression]:
    """Yield the suppressions of one comment: other words may stand before, another suppression behind."""
    text = source.text
    starts = [match.span() for match in _DIRECTIVE.finditer(text, *comment)]
    ends = [*(start for start, _ in starts[1:]), *([comment.end] if starts else [])]
    for (start, body), end in zip(starts, ends, strict=True):
        match = _IGNORE.match(text, body, end)
        if match is None and not _MEANT.match(text, body, end):
            continue
        names = tuple(
            Name(word.group(), Span(*word.span()))
            for word in (_WORD.finditer(text, *match.span("names")) if match else ())
        )
        whole_file = match is not None and match["kind"] == "ignore-file"
        first, last = (0, 0) if whole_file else lines(comment)
        reason = match["reason"].strip() if match else ""
        yield Suppression(names, reason, Span(start, start + len(text[start:end].rstrip())), first, last)


class _YamlExtents:
    """Which lines a comment speaks of, read once for all comments of a text."""

    def __init__(self, source: Source, found: CommentLayout) -> None:
        self._source = source
        self._own_lines = {
            source.position(span.start)[0] for span in found.comments if is_alone(source, span)
        }
        self._following = self._next_contents()
        self._extents = {
            line: extent for extent in self._long_scalars(found) for line in range(extent[0], extent[1] + 1)
        }

    def lines(self, comment: Span) -> tuple[int, int]:
        """Return the first and the last line of what a comment stands beside or above."""
        line = self._source.position(comment.start)[0]
        line = self._following[line] if line in self._own_lines else line
        return self._extents.get(line, (line, line))

    def _long_scalars(self, found: CommentLayout) -> list[tuple[int, int]]:
        """Return the lines of scalars that reach over several; where one begins as another ends, they are one."""
        extents: list[tuple[int, int]] = []
        for span in found.scalars:
            first = self._source.position(span.start)[0]
            last = self._source.position(max(span.start, span.end - 1))[0]
            if extents and first <= extents[-1][1]:
                extents[-1] = (extents[-1][0], max(last, extents[-1][1]))
            elif first < last:
                extents.append((first, last))
        return extents

    def _next_contents(self) -> list[int]:
        """Return for every line the next one below it that holds more than comments."""
        count = len(self._source.line_starts)
        following = [count + 1] * (count + 1)
        for line in range(count - 1, 0, -1):
            below = line + 1
            empty = below in self._own_lines or self._source.line(below).strip() in ("", "---")
            following[line] = following[below] if empty else below
        return following
