"""An environment file as blocks of lines: keys and entries that may move, each with the comments that belong to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.environment.environment_file import (
    Dependency,
    EnvironmentFile,
    Item,
    MappingEntry,
    PipSection,
    TopLevelKey,
)
from conda_lockstep.environment.requirement import PipRequirement, parse_pip
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Span


class UnformattableError(LockstepError):
    """The file holds what cannot be formatted safely; it is left as it is."""


class Note(NamedTuple):
    """A line of its own: a comment with its column (from 0), or a blank line, whose ``text`` is empty."""

    text: str
    column: int = 0


BLANK = Note("")


class BlockEntry(NamedTuple):
    """An entry of a block: the lines above it, its text, and the comment beside it with the gap between.

    ``name`` is what it is sorted by, empty for what must stay where it is. ``section`` holds the list of a ``pip:``.
    """

    lead: tuple[Note, ...]
    text: str
    beside: str
    name: str = ""
    section: Body | None = None


class Body(NamedTuple):
    """What stands below a key. ``column`` is where its entries begin in the file, dash included."""

    entries: tuple[BlockEntry, ...]
    tail: tuple[Note, ...]
    column: int
    dashed: bool = True


class Block(NamedTuple):
    """A top-level key: the lines above it, the key's line without its comment, and what stands below.

    ``lines`` take the place of a body for what is not understood, and are written as they are.
    """

    name: str
    head: tuple[Note, ...]
    line: str
    beside: str = ""
    body: Body | None = None
    lines: tuple[str, ...] = ()


class Blocks(NamedTuple):
    """A whole file. ``top`` and ``bottom`` belong to no key."""

    top: tuple[Note, ...]
    blocks: tuple[Block, ...]
    bottom: tuple[Note, ...]


def read_blocks(file: EnvironmentFile) -> Blocks:
    """Take a file apart; raises :class:`UnformattableError` for what could not be put together again safely."""
    return _BlockReader(file).blocks()


def is_plain(value: str) -> bool:
    """Say whether a text needs no quotes in a block list: with them or without, it is the same to every reader."""
    return _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS


def without_leading_blanks(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Return lines from the first comment on."""
    return notes[next((at for at, note in enumerate(notes) if note.text), len(notes)) :]


# Stricter than YAML: begins with a letter, and has nothing that any reader might take for syntax.
_PLAIN = re.compile(r"[A-Za-z_](?:[\w.+\-/=<>!~,*|@;()\[\]$%&^]|:(?=[^\s])| (?=[^\s#]))*", re.ASCII)
# What YAML 1.1 or its readers take for a boolean or for nothing.
_WORDS = frozenset("y n yes no on off true false null none".split())


class _BlockReader:
    """Walks the lines of a file once, from its keys down."""

    def __init__(self, file: EnvironmentFile) -> None:
        self.file = file
        self.source = file.source
        found = layout(file.source)
        for what, span in found.rare:
            remedy = "delete it" if what in ("a directive", "a document end") else "write the value out"
            raise self.refusal(f"it holds {what}", span.start, remedy)
        if not {key.key.value for key in file.keys} & {"channels", "dependencies"}:
            raise self.refusal("it has neither channels nor dependencies", 0, "name an environment file")
        self.comments = {self.line(span.start): span for span in found.comments}

    def line(self, offset: int) -> int:
        return self.source.position(offset)[0]

    def refusal(self, what: str, offset: int, remedy: str) -> UnformattableError:
        where = self.source.location(offset)
        return UnformattableError(f"not formatted: {what}", where=where, remedy=remedy)

    def blocks(self) -> Blocks:
        starts = self.key_lines()
        ends = [*(start - 1 for start in starts[1:]), len(self.source.line_starts)]
        top = tuple(self.note(line, marker=True) for line in range(1, starts[0]))
        blocks: list[Block] = []
        head: list[Note] = []
        for key, start, end in zip(self.file.keys, starts, ends, strict=True):
            last = self.last_content(start, end)
            gap = [self.note(line) for line in range(last + 1, end + 1)]
            cut = 0 if key.value.kind in ("string", "number", "null") else _tail_length(gap)
            blocks.append(self.block(key, tuple(head), start, last, tuple(gap[:cut])))
            head = gap[cut:]
        return Blocks(top, tuple(blocks), tuple(head))

    def key_lines(self) -> list[int]:
        lines: list[int] = []
        names: set[str] = set()
        for key, _ in self.file.keys:
            line, column = self.source.position(key.span.start)
            if column != 1 or line in lines:
                raise self.refusal("a key is not at the left margin", key.span.start, "move it there")
            if key.value in names:
                raise self.refusal(f"the key '{key.value}' is there twice", key.span.start, "keep one")
            lines.append(line)
            names.add(key.value)
        return lines

    def last_content(self, first: int, last: int) -> int:
        while last > first and self.is_note(last):
            last -= 1
        return last

    def is_note(self, line: int) -> bool:
        text = self.source.line(line)
        if not text.strip():
            return True
        start = self.source.line_starts[line - 1] + len(text) - len(text.lstrip())
        return line in self.comments and self.comments[line].start == start

    def note(self, line: int, *, marker: bool = False) -> Note:
        text = self.source.line(line)
        if not text.strip():
            return BLANK
        if marker and text.startswith("---"):
            return Note(text.rstrip())
        if not self.is_note(line):
            raise self.refusal(
                "this line is no entry of its own",
                self.source.line_starts[line - 1],
                "put an entry on one line",
            )
        comment = self.comments[line]
        return Note(self.source.text[slice(*comment)], self.source.position(comment.start)[1] - 1)

    def notes(self, first: int, last: int) -> tuple[Note, ...]:
        return tuple(self.note(line) for line in range(first, last + 1))

    def block(
        self, key: TopLevelKey, head: tuple[Note, ...], first: int, last: int, tail: tuple[Note, ...]
    ) -> Block:
        name, value = key.key.value, key.value
        colon = self.after_colon(key.key)
        line = f"{self.scalar(key.key)}:"
        items = self.items_of(name)
        if value.kind == "sequence" and items is not None:
            if not self.is_flow(value):
                body = self.body(items, first + 1, last + len(tail), _conda_name)
                return Block(name, head, line, self.beside(colon), body)
            listed = self.flow_items(value, items)
            if listed is not None:
                entries = tuple(BlockEntry((), text, "", _conda_name(text)) for text in listed)
                return Block(name, head, line, "", Body(entries, tail, 2))
        if name == "variables" and value.kind == "mapping" and not self.is_flow(value):
            variables = self.variables(first + 1, last + len(tail))
            if variables is not None:
                return Block(name, head, line, self.beside(colon), variables)
        if first == last and value.kind != "mapping":
            text = self.scalar(value)
            between = self.source.text[colon : value.span.start] if text else ""
            if not between.strip():
                end = value.span.end if text else colon
                return Block(name, head, f"{line} {text}".rstrip(), self.beside(end))
        return self.as_it_is(name, head, first, last, tail)

    def as_it_is(
        self, name: str, head: tuple[Note, ...], first: int, last: int, tail: tuple[Note, ...]
    ) -> Block:
        lines = [self.source.line(line) for line in range(first, last + 1)]
        lines += [" " * note.column + note.text for note in tail]
        return Block(name, head, "", lines=tuple(lines))

    def items_of(self, name: str) -> Sequence[Dependency] | None:
        return {
            "dependencies": self.file.dependencies,
            "channels": self.file.channels.items,
            "platforms": self.file.platforms,
            "pip-repositories": self.file.pip_repositories,
        }.get(name)

    def body(self, items: Sequence[Dependency], first: int, last: int, name_of: Callable[[str], str]) -> Body:
        entries: list[BlockEntry] = []
        column = 0
        at = first
        for item, following in zip(items, [*items[1:], None], strict=True):
            line, column = self.dash(item)
            lead = self.notes(at, line - 1)
            bound = self.line(following.span.start) - 1 if following else last
            at = line + 1
            if isinstance(item, PipSection):
                entry, at = self.section(item, line, bound, is_last=following is None)
            elif isinstance(item, MappingEntry):
                entry = BlockEntry((), self.one_line(item.span), self.beside(item.span.end))
            else:
                entry = BlockEntry((), self.scalar(item), self.beside(item.span.end), name_of(item.value))
            entries.append(entry._replace(lead=lead if entries else without_leading_blanks(lead)))
        return Body(tuple(entries), self.notes(at, last), column)

    def section(self, item: PipSection, line: int, bound: int, *, is_last: bool) -> tuple[BlockEntry, int]:
        """Read a ``pip:`` section that reaches to a line at most; return it and the line that follows it."""
        colon = self.after_colon(item.key)
        if item.kind != "sequence" or not item.items:
            return BlockEntry((), self.one_line(item.span), self.beside(item.span.end)), line + 1
        if item.items[0].flow:
            value = Span(self.source.text.index("[", colon), item.span.end)
            listed = self.flow_items(Item("sequence", "", value), item.items)
            if listed is None:
                return BlockEntry((), self.one_line(item.span), self.beside(item.span.end), "pip"), line + 1
            entries = tuple(BlockEntry((), text, "", _pip_name(text)) for text in listed)
            return BlockEntry((), "pip:", "", "pip", Body(entries, (), 2)), self.line(item.span.end) + 1
        end = self.last_content(line, bound)
        body = self.body(item.items, line + 1, end, _pip_name)
        gap = self.notes(end + 1, bound)
        # What is less indented is the outer list's, and so is all below it.
        theirs = (n for n, note in enumerate(gap) if note.text and not _belongs(note, body.column, is_last))
        cut = _tail_length(gap[: next(theirs, len(gap))], body.column, loose=is_last)
        body = body._replace(tail=gap[:cut])
        return BlockEntry((), "pip:", self.beside(colon), "pip", body), end + 1 + cut

    def variables(self, first: int, last: int) -> Body | None:
        """Read the variables, one to a line; None where one is something else."""
        entries: list[BlockEntry] = []
        column, at = 0, first
        for key, value in self.file.variables:
            line = self.line(key.span.start)
            text = self.source.text[key.span.start : value.span.end]
            if (
                value.kind not in ("string", "number")
                or "\n" in text
                or "\r" in text
                or value.span.start < key.span.end
            ):
                return None
            column = self.source.position(key.span.start)[1] - 1
            lead = self.notes(at, line - 1)
            pair = f"{self.scalar(key)}: {self.scalar(value)}"
            entries.append(
                BlockEntry(
                    lead if entries else without_leading_blanks(lead), pair, self.beside(value.span.end)
                )
            )
            at = line + 1
        return Body(tuple(entries), self.notes(at, last), column, dashed=False)

    def dash(self, item: Dependency) -> tuple[int, int]:
        """Return the line of an entry, and the column of its dash; both are on one line, and nothing else is."""
        line, column = self.source.position(item.span.start)
        before = self.source.line(line)[: column - 1]
        match = re.fullmatch(r"( *)-[ \t]+", before)
        if not match:
            raise self.refusal(
                "an entry does not stand behind '- ' on one line", item.span.start, "put it there"
            )
        return line, len(match[1])

    def is_flow(self, value: Item) -> bool:
        return self.source.text[value.span.start] in "[{"

    def flow_items(self, value: Item, items: Sequence[Dependency]) -> list[str] | None:
        """Return the entries of a list in brackets, None for a line that is better left as it is."""
        lines = range(self.line(value.span.start), self.line(value.span.end - 1) + 1)
        texts = [self.scalar(item) for item in items if isinstance(item, Item) and item.kind == "string"]
        simple = len(texts) == len(items) and texts and not any("\n" in text for text in texts)
        if simple and not any(line in self.comments for line in lines):
            return texts
        if len(lines) == 1:
            return None
        raise self.refusal(
            "a list in brackets has comments, or more than plain entries",
            value.span.start,
            "write one entry to a line, behind '- '",
        )

    def scalar(self, item: Item) -> str:
        """Return a scalar as it is to be written: in quotes only where it needs them."""
        written = self.one_line(item.span)
        return item.value if item.quoted and is_plain(item.value) else written

    def one_line(self, span: Span) -> str:
        text = self.source.text[slice(*span)]
        if "\n" in text or "\r" in text:
            raise self.refusal("an entry reaches over several lines", span.start, "put it on one")
        return text

    def after_colon(self, key: Item) -> int:
        """Return the offset behind the colon of a key."""
        match = re.compile(r"[ \t]*:").match(self.source.text, key.span.end)
        if not match or (self.line(key.span.start) != self.line(key.span.end)):
            raise self.refusal("a key is not followed by its colon", key.span.start, "write it as 'key:'")
        return match.end()

    def beside(self, offset: int) -> str:
        """Return the comment that stands behind an offset on its line, with the gap before it."""
        rest = self.source.text[slice(*self.source.rest_of_line(offset))]
        comment = self.comments.get(self.line(offset))
        if not rest.strip():
            return ""
        gap = rest[: len(rest) - len(rest.lstrip())]
        if comment is None or comment.start != offset + len(gap):
            raise self.refusal("something stands behind an entry", offset, "give each entry its own line")
        return ("  " if "\t" in gap else gap) + self.source.text[slice(*comment)]


def _tail_length(gap: Sequence[Note], column: int = 1, *, loose: bool = True) -> int:
    """Return how many of the lines behind a block belong to it: to the last that is indented as its entries are.

    At the left margin it is what looks like an entry that was commented out, if ``loose``.
    """
    ours = [number for number, note in enumerate(gap, 1) if _belongs(note, column, loose)]
    return max(ours, default=0)


def _belongs(note: Note, column: int, loose: bool) -> bool:
    if not note.text or note.column >= column:
        return bool(note.text)
    return loose and note.column == 0 and re.match(r"#+\s*-\s", note.text) is not None


def _conda_name(text: str) -> str:
    spec = parse_conda(text)
    return spec.name if isinstance(spec, CondaSpec) and text[:1] != "-" else _leading_name(text)


def _pip_name(text: str) -> str:
    requirement = parse_pip(text)
    return requirement.name if isinstance(requirement, PipRequirement) else _leading_name(text)


def _leading_name(text: str) -> str:
    """Return the name that something begins with which is no spec, such as ``numpy=={{ version }}``."""
    match = re.match(r"([A-Za-z0-9_][\w.\-]*)(?=$|[\s=<>!~\[;@])", text)
    return match[1].lower() if match else ""
