"""The instructions of a Dockerfile (Containerfile) with their positions; nothing is executed.

Read as BuildKit's parser does (https://docs.docker.com/reference/dockerfile): the escape directive, lines joined by a
backslash with comments and empty lines between them, here-documents, exec form, ONBUILD.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from conda_lockstep.lint.targets.install_script.shell.piece import Piece, join
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.text.source import Source, Span


class Instruction(NamedTuple):
    """An instruction: ``RUN --mount=… BODY``. ``keyword`` is in upper case.

    ``body`` is what follows the flags, its lines joined, with the here-documents below them. ``listed`` are the words
    of the exec form, ``["conda", "install"]``; empty where it is none. ``triggered`` says that ONBUILD stands before
    it. ``span`` reaches to the end of its last line.
    """

    keyword: str
    span: Span
    flags: tuple[Word, ...]
    body: Piece
    listed: tuple[Word, ...] = ()
    triggered: bool = False


class Dockerfile(NamedTuple):
    """The instructions of a Dockerfile in their order, and its comments, each a line of its own."""

    instructions: tuple[Instruction, ...]
    comments: tuple[Span, ...]


def read_dockerfile(source: Source) -> Dockerfile:
    """Read a Dockerfile; text that is not an instruction is skipped."""
    reader = _InstructionReader(source)
    instructions = tuple(reader.instructions())
    return Dockerfile(instructions, tuple(reader.comments))


def words_of(body: Piece) -> tuple[Word, ...]:
    """Return the words between blanks, such as the arguments of FROM, without quotes."""
    return tuple(
        _unquoted(Word(body.part(*match.span()), body.span(*match.span())))
        for match in _WORD.finditer(body.text)
    )


_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.+?)[ \t]*$")
_KEYWORD = re.compile(r"\s*([A-Za-z]+)(?:\s+|$)")
_FLAG = re.compile(r"(--[A-Za-z][\w-]*(?:=\S*)?)(?:\s+|$)")
_HERE = re.compile(r"(?<!<)<<(-?)(['\"]?)([A-Za-z_][\w.-]*)\2(?=[\s;&|()<>]|$)")
_WORD = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]+", re.DOTALL)
_HAVE_DOCUMENTS = ("RUN", "COPY", "ADD")


class _InstructionReader:
    """Goes through the lines of a Dockerfile; lines count from 1."""

    def __init__(self, source: Source) -> None:
        self.source, self.count = source, len(source.line_starts)
        self.comments: list[Span] = []
        self.line = 1
        self.continued = re.compile(rf"{re.escape(self.escape())}[ \t]*$")

    def escape(self) -> str:
        """Return the character that joins lines: a backslash, or the one that a directive at the top sets."""
        for number in range(1, self.count + 1):
            directive = _DIRECTIVE.match(self.source.line(number))
            if not directive:
                break
            if directive[1].lower() == "escape" and directive[2] == "`":
                return "`"
        return "\\"

    def instructions(self) -> Iterator[Instruction]:
        while self.line <= self.count:
            if not self.passes_comment() and self.source.line(self.line).strip():
                start = self.source.line_starts[self.line - 1]
                body = self.joined()
                found = self.instruction(body, start, triggered=False)
                if found:
                    yield found
            else:
                self.line += 1

    def passes_comment(self) -> bool:
        """Record this line if it is a comment."""
        line = self.source.line(self.line)
        stripped = line.lstrip()
        if stripped.startswith("#"):
            start = self.source.line_starts[self.line - 1] + len(line) - len(stripped)
            self.comments.append(Span(start, start + len(stripped)))
        return stripped.startswith("#")

    def joined(self) -> Piece:
        """Read a line with its continuation lines."""
        parts: list[Piece] = []
        while self.line <= self.count:
            text, start = self.source.line(self.line), self.source.line_starts[self.line - 1]
            is_gap = bool(parts) and (self.passes_comment() or not text.strip())
            end = self.continued.search(text)
            self.line += 1
            if not is_gap:
                parts.append(Piece.of(self.source.text, start, start + (end.start() if end else len(text))))
                if not end:
                    break
        return join(parts)

    def instruction(self, body: Piece, start: int, *, triggered: bool) -> Instruction | None:
        keyword = _KEYWORD.match(body.text)
        if not keyword:
            return None
        name = keyword[1].upper()
        rest = body.part(keyword.end(), len(body.text))
        if name == "ONBUILD" and not triggered:
            return self.instruction(rest, start, triggered=True)
        flags, at = [], 0
        while flag := _FLAG.match(rest.text, at):
            flags.append(Word(rest.part(*flag.span(1)), rest.span(*flag.span(1))))
            at = flag.end()
        rest = rest.part(at, len(rest.text))
        listed = tuple(_listed(rest))
        if name in _HAVE_DOCUMENTS and not listed:
            rest = join([rest, *self.documents(rest)])
        last = self.source.line_starts[self.line - 2] + len(self.source.line(self.line - 1))
        first = self.source.text[start:last]
        return Instruction(
            name, Span(start + len(first) - len(first.lstrip()), last), tuple(flags), rest, listed, triggered
        )

    def documents(self, body: Piece) -> Iterator[Piece]:
        """Read the here-documents that a line starts; one without an end is ignored."""
        for document in _HERE.finditer(body.text):
            places = self.lines_by_text[document[1], document[3]]
            at = bisect_left(places, self.line)
            if at == len(places):
                return
            begin = self.source.line_starts[self.line - 2] + len(self.source.line(self.line - 1))
            self.line = places[at] + 1
            end = self.source.line_starts[self.line - 2] + len(self.source.line(self.line - 1))
            yield Piece.of(self.source.text, begin, end)

    @cached_property
    def lines_by_text(self) -> dict[tuple[str, str], list[int]]:
        """Return the lines that contain only a text, for ``<<-`` also after leading tabs."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number in range(1, self.count + 1):
            line = self.source.line(number)
            found["", line].append(number)
            found["-", line.lstrip("\t")].append(number)
        return found


def _listed(body: Piece) -> Iterator[Word]:
    """Yield the words of a JSON list of strings; nothing if the text is not one."""
    if not body.text.startswith("["):
        return
    try:
        value = json.loads(body.text)
    except (ValueError, RecursionError):
        return
    if all(isinstance(item, str) for item in value):
        for match in _STRING.finditer(body.text):
            yield Word(_decoded(body, *match.span(1)), body.span(*match.span()))


def _decoded(body: Piece, start: int, end: int) -> Piece:
    """Return a JSON string with its escapes resolved and their positions kept."""
    parts = [body.part(start, start)]
    for token in _ESCAPE.finditer(body.text, start, end):
        if token.group().startswith("\\"):
            parts.append(Piece(json.loads(f'"{token.group()}"'), body.at[token.start() : token.start() + 1]))
        else:
            parts.append(body.part(*token.span()))
    return join(parts)


def _unquoted(word: Word) -> Word:
    value = word.value
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in value[1:-1]:
        return word._replace(piece=word.piece.part(1, len(value) - 1))
    return word
