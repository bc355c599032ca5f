"""Comments that silence rules: ``# lockstep: ignore=rule-name reason``, and ``ignore-file=`` for the whole file.

There are no brackets in them: conda-lock takes a trailing ``# …[x]`` for a selector, and drops the entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from conda_lockstep.environment.comments import Layout, layout
from conda_lockstep.environment.source import Source, Span

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
    other comments and blank lines between them set aside.
    """
    if MARK not in source.text:
        return ()
    found = layout(source)
    own_lines = {source.position(span.start)[0] for span in found.comments if _is_alone(source, span)}
    return tuple(
        suppression
        for comment in found.comments
        if MARK in source.text[slice(*comment)]
        for suppression in _in_comment(source, comment, found, own_lines)
    )


_DIRECTIVE = re.compile(r"#[ \t]*lockstep:[ \t]*")
_NAME = r"[A-Za-z0-9][\w-]*"
_IGNORE = re.compile(
    rf"(?P<kind>ignore-file|ignore)[ \t]*=[ \t]*(?P<names>{_NAME}(?:[ \t]*,[ \t]*{_NAME})*)(?=\s|$)[ \t]*(?P<reason>.*)"
)
_MEANT = re.compile(r"(?:ignore|disable|suppress|silence|skip|allow|no-?qa|no-?lint)", re.IGNORECASE)
"""How a comment begins that was meant to silence something; others are notes to people."""


def _in_comment(source: Source, comment: Span, found: Layout, own_lines: set[int]) -> Iterator[Suppression]:
    """Yield the suppressions of one comment: other words may stand before, another suppression behind."""
    text = source.text
    starts = [match.span() for match in _DIRECTIVE.finditer(text, *comment)]
    ends = [*(start for start, _ in starts[1:]), comment.end]
    for (start, body), end in zip(starts, ends, strict=True):
        match = _IGNORE.match(text, body, end)
        if match is None and not _MEANT.match(text, body, end):
            continue
        names = tuple(
            Name(word.group(), Span(*word.span()))
            for word in (re.compile(_NAME).finditer(text, *match.span("names")) if match else ())
        )
        first, last = 0, 0
        if match is None or match["kind"] == "ignore":
            first, last = _lines(source, comment, found, own_lines)
        reason = match["reason"].strip() if match else ""
        yield Suppression(names, reason, Span(start, start + len(text[start:end].rstrip())), first, last)


def _lines(source: Source, comment: Span, found: Layout, own_lines: set[int]) -> tuple[int, int]:
    """Return the lines that a suppression holds for; those of a scalar that it stands behind or above."""
    line = source.position(comment.start)[0]
    if line in own_lines:
        line += 1
        count = len(source.line_starts)
        while line <= count and (line in own_lines or source.line(line).strip() in ("", "---")):
            line += 1
        if line > count:
            return line, line
    first = last = line
    for span in found.scalars:
        begin, end = source.position(span.start)[0], source.position(max(span.start, span.end - 1))[0]
        if begin <= line <= end:
            first, last = min(first, begin), max(last, end)
    return first, last


def _is_alone(source: Source, comment: Span) -> bool:
    begin = source.line_starts[source.position(comment.start)[0] - 1]
    return not source.text[begin : comment.start].strip()
