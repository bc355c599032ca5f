"""Reads the YAML that nearly all environment files are written in, line by line; leaves any other to libyaml.

Nodes cost several times what lines do, and PyYAML takes as long to import as a lint takes for the rest. So a line has
one of a few strict shapes, and where one has not, or stands where it is more than it says, this module says nothing of
the whole file: a test holds that what it does read, it reads to the character as libyaml does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from conda_lockstep.environment.environment_file import (
    Dependency,
    EnvironmentFile,
    Item,
    ListOf,
    PipSection,
    TopLevelKey,
)
from conda_lockstep.text.source import Source, Span


def read_plain(source: Source) -> EnvironmentFile | None:
    """Return the environment file that a text is; None for a text that is not of the plain kind."""
    lines = _lines(source.text)
    try:
        return _PlainReader(source, lines).environment() if lines else None
    except _NotPlainError:
        return None


class _NotPlainError(Exception):
    """The text is for libyaml."""


class _Line(NamedTuple):
    """What is on a line: a key, a value, or both, behind a dash or not. Offsets count from the line's begin.

    ``column`` is that of what comes first; ``key`` is empty where there is none, ``value`` None. A value that is
    ``listed`` is a list between brackets, those left out.
    """

    column: int
    dash: bool
    key: str
    key_at: int
    value: str | None
    value_at: int
    value_end: int
    quoted: bool = False
    listed: bool = False


_EMPTY = _Line(0, False, "", 0, None, 0, 0)

# The rest of a word of a plain scalar: no colon ends it.
_REST = r"(?:[!-9;-~]|:(?=[!-~]))*"
_IN_LIST = r"[ ]*[A-Za-z_][A-Za-z0-9_./=<>\-]*[ ]*"
_SHAPE = re.compile(
    rf"""([ ]*)(-[ ]+)?
    (?:([A-Za-z_][A-Za-z0-9_\-]{{,99}}):(?![!-~])[ ]*)?
    (?:'([ -&(-~]*)'|"([ !\#-\[\]-~]*)"
      |(-?-?[A-Za-z_/]{_REST}(?:[ ]+(?![\#:])[!-~]{_REST})*)
      |\[({_IN_LIST}(?:,{_IN_LIST})*)\])?
    [ ]*(?:(?<![!-~])\#[^\r\n]*)?\r?""",
    re.VERBOSE,
)
_SINGLE, _PLAIN, _LISTED = 4, 6, 7
"""Which groups of the pattern hold a value: the first of them, in single quotes; without quotes; between brackets."""
_NO_TEXT = frozenset("null true false yes no on off".split())
"""What is no text to YAML 1.1, in whatever case; else that begins with a sign, a digit, a dot or a ``~``."""
_LONG = 200
"""Lines above that are not kept: they are of one file."""


def _lines(text: str) -> list[tuple[int, _Line]]:
    """Return what the lines hold that are not empty, each with its offset; nothing where one has no plain shape."""
    if not text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return []
    found: list[tuple[int, _Line]] = []
    at, marked = 0, False
    for text_of_line in text.split("\n"):
        line = _known_line(text_of_line) if len(text_of_line) < _LONG else _line(text_of_line)
        if line is None:
            if marked or found or text_of_line.rstrip(" \r") != "---":
                return []
            marked = True
        elif line is not _EMPTY:
            found.append((at, line))
        at += len(text_of_line) + 1
    return found


def _line(text: str) -> _Line | None:
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    indent, dash, key = match.group(1, 2, 3)
    if key and key.lower() in _NO_TEXT:
        return None
    column, is_entry, key_at, last = len(indent), dash is not None, match.start(3), match.lastindex or 0
    if last < _SINGLE:
        return _Line(column, is_entry, key or "", key_at, None, 0, 0) if key or is_entry else _EMPTY
    value, (start, end) = match[last], match.span(last)
    if last == _PLAIN:
        no_text = value.lower() in _NO_TEXT
        return None if no_text else _Line(column, is_entry, key or "", key_at, value, start, end)
    if last == _LISTED and not _NO_TEXT.isdisjoint(value.lower().replace(" ", "").split(",")):
        return None
    is_list = last == _LISTED
    return _Line(column, is_entry, key or "", key_at, value, start - 1, end + 1, not is_list, is_list)


# Files of one trade have many a line in common.
_known_line = lru_cache(maxsize=8192)(_line)


class _PlainReader:
    """From lines to the file's nouns, by the columns at which they begin."""

    def __init__(self, source: Source, lines: list[tuple[int, _Line]]) -> None:
        self.source = source
        self.lines = lines
        self.next = 0

    def environment(self) -> EnvironmentFile:
        keys: list[TopLevelKey] = []
        lists: dict[str, tuple[Item, ...]] = {}
        dependencies: tuple[Dependency, ...] = ()
        variables: tuple[TopLevelKey, ...] = ()
        while self.next < len(self.lines):
            at, line = self.lines[self.next]
            if line.column or line.dash or not line.key:
                raise _NotPlainError
            self.next += 1
            if line.listed and line.value is not None:
                value = Item("sequence", "", Span(at + line.value_at, at + line.value_end))
                lists[line.key] = _listed(at, line, line.value)
                if line.key == "dependencies":
                    dependencies = lists[line.key]
            elif line.value is not None:
                value = _item(at, line, line.value)
            elif line.key == "dependencies":
                start = self.start_of_list()
                dependencies = self.dependencies()
                value = Item("sequence", "", Span(start, dependencies[-1].span.end))
            elif line.key == "variables":
                variables = self.pairs()
                value = Item("mapping", "", Span(variables[0].key.span.start, variables[-1].value.span.end))
            else:
                start = self.start_of_list()
                lists[line.key] = self.items()
                value = Item("sequence", "", Span(start, lists[line.key][-1].span.end))
            keys.append(TopLevelKey(_key(at, line), value))
        values = {pair.key.value: pair.value for pair in keys}
        if len(values) < len(keys):
            raise _NotPlainError
        nothing = Item("missing", "", Span(keys[0].key.span.start, keys[-1].value.span.end))
        channels, listed = values.get("channels", nothing), values.get("dependencies", nothing)
        return EnvironmentFile(
            self.source,
            tuple(keys),
            ListOf(channels.kind, lists.get("channels", ()), channels.span),
            dependencies,
            listed.kind,
            listed.span,
            variables,
            lists.get("platforms", ()),
            lists.get("pip-repositories", ()),
        )

    def start_of_list(self, least: int = 0) -> int:
        """Return the offset of the dash that must come next, in a column that is not less than a key's above it."""
        if self.next == len(self.lines):
            raise _NotPlainError
        at, line = self.lines[self.next]
        if not line.dash or line.column < least:
            raise _NotPlainError
        return at + line.column

    def items(self) -> tuple[Item, ...]:
        """Read a list of texts: all lines that have a dash in the next line's column."""
        column = self.lines[self.next][1].column
        found = []
        while self.next < len(self.lines):
            at, line = self.lines[self.next]
            if line.column != column or not line.dash:
                break
            if line.key or line.value is None or line.listed:
                raise _NotPlainError
            found.append(_item(at, line, line.value))
            self.next += 1
        return tuple(found)

    def dependencies(self) -> tuple[Dependency, ...]:
        """Read a list of texts, and of sections ``pip:`` with a list of texts below them."""
        column = self.lines[self.next][1].column
        found: list[Dependency] = []
        while self.next < len(self.lines):
            at, line = self.lines[self.next]
            if line.column != column or not line.dash:
                break
            self.next += 1
            if line.value is not None and not line.key and not line.listed:
                found.append(_item(at, line, line.value))
            elif line.key == "pip" and line.value is None:
                key = _key(at, line)
                self.start_of_list(line.key_at)
                items = self.items()
                span = Span(key.span.start, items[-1].span.end)
                found.append(PipSection(key, "sequence", items, span, False, span.start))
            else:
                raise _NotPlainError
        return tuple(found)

    def pairs(self) -> tuple[TopLevelKey, ...]:
        """Read a mapping from names to texts: all lines that have a key in the next line's column."""
        column = self.lines[self.next][1].column if self.next < len(self.lines) else 0
        found: list[TopLevelKey] = []
        while self.next < len(self.lines):
            at, line = self.lines[self.next]
            if not line.column:
                break
            if line.column != column or line.dash or not line.key or line.value is None or line.listed:
                raise _NotPlainError
            found.append(TopLevelKey(_key(at, line), _item(at, line, line.value)))
            self.next += 1
        if not found:
            raise _NotPlainError
        return tuple(found)


def _key(at: int, line: _Line) -> Item:
    start = at + line.key_at
    return Item("string", line.key, Span(start, start + len(line.key)), False, True)


def _item(at: int, line: _Line, value: str) -> Item:
    return Item("string", value, Span(at + line.value_at, at + line.value_end), line.quoted, True)


def _listed(at: int, line: _Line, value: str) -> tuple[Item, ...]:
    """Return the texts of a list between brackets."""
    items, start = [], at + line.value_at + 1
    for text in value.split(","):
        word = text.strip()
        begin = start + len(text) - len(text.lstrip())
        items.append(Item("string", word, Span(begin, begin + len(word)), False, True, True))
        start += len(text) + 1
    return tuple(items)
