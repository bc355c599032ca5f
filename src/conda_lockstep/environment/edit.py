"""Edits of spans in the text: what no edit names stays byte for byte as it was."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from conda_lockstep.environment.environment_file import Dependency, EnvironmentFile, Item, PipSection
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source, Span


class Edit(NamedTuple):
    """Put ``text`` in the place of ``span``; an empty span inserts."""

    span: Span
    text: str


class OverlapError(LockstepError):
    """Two edits want the same characters."""


def apply(source: Source, edits: Iterable[Edit]) -> str:
    """Return the content with all edits made; raises :class:`OverlapError` where two of them touch."""
    parts, at = [], 0
    for edit in sorted(set(edits)):
        if edit.span.start < at:
            raise OverlapError("two fixes change the same place", where=source.location(edit.span.start))
        parts += [source.text[at : edit.span.start], edit.text]
        at = edit.span.end
    return ("\ufeff" if source.bom else "") + "".join(parts) + source.text[at:]


class Claims:
    """The places that fixes want to change: a fix that touches another's has to wait.

    Whole lines that are inserted at one place get along: they stand there in alphabetical order.
    """

    def __init__(self) -> None:
        self._edits: list[Edit] = []

    def claim(self, edits: Iterable[Edit]) -> bool:
        """Claim the places of a fix, or say that one of them is taken."""
        wanted = list(edits)
        if any(self._is_taken(edit) for edit in wanted):
            return False
        for edit in wanted:
            insort(self._edits, edit)
        return True

    def _is_taken(self, edit: Edit) -> bool:
        return any(
            touch(edit.span, other.span) and not (_is_new_line(edit) and _is_new_line(other))
            for other in _near(self._edits, edit.span)
        )


def touch(a: Span, b: Span) -> bool:
    """Say whether two spans share a character; an empty one touches what it stands at, too."""
    if a.start == a.end or b.start == b.end:
        return a.start <= b.end and b.start <= a.end
    return a.start < b.end and b.start < a.end


def touches_any(edits: Iterable[Edit], places: Sequence[Span]) -> bool:
    """Return whether an edit touches one of several places."""
    return any(touch(edit.span, place) for edit in edits for place in places)


def kept(before: EnvironmentFile, after: EnvironmentFile, edits: Iterable[Edit]) -> bool:
    """Say whether every value that no edit touches is still there, in its order: proof that a fix did no more."""
    ordered = sorted(edits)
    rest = iter([(item.kind, item.value) for item in _values(after)])
    return all(
        (item.kind, item.value) in rest
        for item in _values(before)
        if not any(touch(item.span, edit.span) for edit in _near(ordered, item.span))
    )


def remove(source: Source, entry: Dependency, *, with_comment: bool = False) -> Edit:
    """Remove an entry of a list: its whole lines in block style, itself and one comma in flow style.

    Comments stay, those in a pip section that is removed as a whole, too: one at the end of the entry's line gets a
    line of its own, unless the entry takes it with it (``with_comment``) or it is a suppression, which would hold for
    another entry there.
    """
    if entry.flow:
        return Edit(_with_comma(source.text, entry.span), "")
    first, last = _lines(source, entry.span)
    if source.text[source.line_starts[first - 1] : entry.span.start].strip() != "-":
        dash = _dash_line(source, first)
        between = source.text[source.line_span(dash).start : entry.span.start]
        # Behind the same dash another key may come first; its lines are not this entry's.
        first = dash if not between.replace("-", "", 1).strip() else first
    lines = _whole_lines(source, first, last)
    comments = comments_inside(source, entry) if isinstance(entry, PipSection) else ""
    if not with_comment and isinstance(entry, Item):
        comments = _comment_line(source, first, entry)
    if comments and lines.start < source.line_starts[first - 1]:
        comments = source.newline + comments.rstrip("\r\n")
    return Edit(lines, comments)


def _comment_line(source: Source, first: int, entry: Item) -> str:
    """Return the comment behind an entry as a line of its own, with the indentation of the entry's first line."""
    rest = source.text[slice(*source.rest_of_line(entry.span.end))]
    comment = rest.strip()
    if not comment.startswith("#") or not rest[0].isspace() or "lockstep:" in comment:
        return ""
    line = source.line(first)
    return f"{line[: len(line) - len(line.lstrip())]}{comment}{source.newline}"


def comments_inside(source: Source, section: PipSection) -> str:
    """Return the comments that have lines of their own in a section, with these lines' ends."""
    first, last = _lines(source, section.span)
    lines = (source.text[slice(*source.line_span(number))] for number in range(first, last + 1))
    return "".join(line for line in lines if line.lstrip().startswith("#"))


def remove_lines(source: Source, span: Span) -> Edit:
    """Remove the lines that a span lies on, such as those of a top-level key in block style."""
    return Edit(_whole_lines(source, *_lines(source, span)), "")


def insert_after(source: Source, entry: Dependency, text: str) -> Edit:
    """Insert a new entry behind another, with its indentation and the file's line ends."""
    return gap_after(source, entry).filled(text)


class InsertionPoint(NamedTuple):
    """A place for new entries: an offset, and what belongs in front of an entry there and behind it."""

    offset: int
    before: str
    after: str

    def filled(self, text: str) -> Edit:
        """Insert an entry."""
        return Edit(Span(self.offset, self.offset), f"{self.before}{text}{self.after}")


def gap_after(source: Source, entry: Dependency) -> InsertionPoint:
    """Return the place behind an entry: for those who put many there, and would look for it again each time."""
    if entry.flow:
        return InsertionPoint(entry.span.end, ", ", "")
    first, last = _lines(source, entry.span)
    end = source.line_span(last).end
    dash = dash_of(source, _dash_line(source, first))
    if source.text[end - 1 : end] in ("\n", "\r"):
        return InsertionPoint(end, dash, source.newline)
    return InsertionPoint(end, source.newline + dash, "")


def insert_before(source: Source, entry: Dependency, text: str) -> Edit:
    """Insert a new entry in front of another, with its indentation."""
    if entry.flow:
        return Edit(Span(entry.span.start, entry.span.start), f"{text}, ")
    dash = _dash_line(source, source.position(entry.span.start)[0])
    start = source.line_span(dash).start
    return Edit(Span(start, start), f"{dash_of(source, dash)}{text}{source.newline}")


def dash_of(source: Source, line: int) -> str:
    """Return what stands before the value on a line: its indentation, the dash, and the blanks."""
    text = source.line(line)
    indent = len(text) - len(text.lstrip())
    after = text[indent + 1 :]
    return text[: indent + 1 + len(after) - len(after.lstrip())] if text[indent : indent + 1] == "-" else "- "


def _near(ordered: list[Edit], span: Span) -> Iterator[Edit]:
    """Yield the edits that could touch a span, from a sorted list in which none overlap."""
    place = bisect_left(ordered, Edit(span, ""))
    before = place - 1
    while before >= 0 and ordered[before].span.end >= span.start:
        yield ordered[before]
        before -= 1
    while place < len(ordered) and ordered[place].span.start <= span.end:
        yield ordered[place]
        place += 1


def _is_new_line(edit: Edit) -> bool:
    return edit.span.start == edit.span.end and (
        edit.text.endswith(("\n", "\r")) or edit.text.startswith(("\n", "\r"))
    )


def _lines(source: Source, span: Span) -> tuple[int, int]:
    """Return the first and the last line of a span."""
    first, _, last, _ = source.place(Span(span.start, max(span.start, span.end - 1)))
    return first, last


def _whole_lines(source: Source, first: int, last: int) -> Span:
    """Return the range of lines with one of their line ends: the one in front where the file ends without one."""
    start, end = source.line_span(first).start, source.line_span(last).end
    if end == len(source.text) and not source.text.endswith(("\n", "\r")) and first > 1:
        start -= 2 if source.text.endswith("\r\n", 0, start) else 1
    return Span(start, end)


def _dash_line(source: Source, line: int) -> int:
    """Return the line of the dash that an entry stands behind: its own, mostly."""
    number = line
    while number > 0 and not source.line(number).lstrip().startswith("-"):
        number -= 1
    return number or line


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


def _values(file: EnvironmentFile) -> list[Item]:
    """Return every scalar of a file in the order of the text, but for the nulls that nothing was written for."""
    return sorted(
        (
            item
            for item in _all_items(file)
            if item.kind not in ("mapping", "sequence") and item.span.start < item.span.end
        ),
        key=lambda item: item.span,
    )


def _all_items(file: EnvironmentFile) -> Iterator[Item]:
    for pair in (*file.keys, *file.variables):
        yield pair.key
        yield pair.value
    yield from (*file.channels.items, *file.platforms, *file.pip_repositories)
    for entry in file.dependencies:
        if isinstance(entry, Item):
            yield entry
        elif isinstance(entry, PipSection):
            yield entry.key
            yield from entry.items
        else:
            yield entry.key
            yield entry.value
