"""Edits of spans in the text: what no edit names stays byte for byte as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conda_lockstep.environment.document import Item, PipSection, Source, Span
from conda_lockstep.errors import LockstepError


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of ``span``; an empty span inserts."""

    span: Span
    text: str


class OverlapError(LockstepError):
    """Two edits want the same characters."""


def apply(source: Source, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made; raises :class:`OverlapError` where two of them touch."""
    parts, at = [], 0
    for edit in sorted(set(edits)):
        if edit.span.start < at:
            raise OverlapError("two fixes change the same place", where=source.location(edit.span.start))
        parts += [source.text[at : edit.span.start], edit.text]
        at = edit.span.end
    return ("\ufeff" if source.bom else "") + "".join(parts) + source.text[at:]


def overlap(left: Iterable[Edit], right: Iterable[Edit]) -> bool:
    """Say whether two fixes touch the same characters, or insert at the same place."""
    others = list(right)
    return any(_touch(a.span, b.span) for a in left for b in others)


def remove(source: Source, entry: Item | PipSection) -> Edit:
    """Remove an entry of a list: its whole lines in block style, itself and one comma in flow style.

    A comment at the end of the entry's line goes with it; comments on lines of their own stay.
    """
    span = entry.span
    if isinstance(entry, Item) and entry.flow:
        return Edit(_with_comma(source.text, span), "")
    first, _ = source.position(span.start)
    last, _ = source.position(max(span.start, span.end - 1))
    while not source.line(first).lstrip().startswith("-"):
        first -= 1
    return Edit(Span(source.line_span(first).start, source.line_span(last).end), "")


def insert_after(source: Source, entry: Item | PipSection, text: str) -> Edit:
    """Insert a new entry behind a block-style one, with its indentation and the file's line ends."""
    if isinstance(entry, Item) and entry.flow:
        return Edit(Span(entry.span.end, entry.span.end), f", {text}")
    first, _ = source.position(entry.span.start)
    last, _ = source.position(max(entry.span.start, entry.span.end - 1))
    line = source.line_span(last)
    new = f"{dash_of(source, first)}{text}"
    if source.text[line.end - 1 : line.end] in ("\n", "\r"):
        return Edit(Span(line.end, line.end), new + source.newline)
    return Edit(Span(line.end, line.end), source.newline + new)


def insert_before(source: Source, entry: Item | PipSection, text: str) -> Edit:
    """Insert a new entry in front of a block-style one, with its indentation."""
    if isinstance(entry, Item) and entry.flow:
        return Edit(Span(entry.span.start, entry.span.start), f"{text}, ")
    first, _ = source.position(entry.span.start)
    start = source.line_span(first).start
    return Edit(Span(start, start), f"{dash_of(source, first)}{text}{source.newline}")


def dash_of(source: Source, line: int) -> str:
    """Return what stands before the value on a line: its indentation, the dash, and the blanks."""
    text = source.line(line)
    indent = len(text) - len(text.lstrip())
    after = text[indent + 1 :]
    return text[: indent + 1 + len(after) - len(after.lstrip())] if text[indent : indent + 1] == "-" else "- "


def _with_comma(text: str, span: Span) -> Span:
    """Extend a flow entry over the comma that divides it from its neighbour."""
    end = span.end
    while end < len(text) and text[end] in " \t\r\n":
        end += 1
    if end < len(text) and text[end] == ",":
        end += 1
        while end < len(text) and text[end] in " \t":
            end += 1
        return Span(span.start, end)
    start = span.start
    while start > 0 and text[start - 1] in " \t\r\n":
        start -= 1
    return Span(start - 1 if text[start - 1 : start] == "," else span.start, span.end)


def _touch(a: Span, b: Span) -> bool:
    if a.start == a.end or b.start == b.end:
        return a.start <= b.end and b.start <= a.end
    return a.start < b.end and b.start < a.end
