"""The commands of a shell script (POSIX and bash), every word with its position; nothing is executed.

The grammar is that of POSIX.1-2024, "Shell Command Language", read leniently: invalid syntax is read as far as
possible, and text that only a running shell can expand (``$X``, ``*``) is kept as written.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from conda_lockstep.lint.targets.install_script.shell.piece import Piece
from conda_lockstep.lint.targets.install_script.shell.words import (
    ASSIGNMENT,
    BLANKS,
    MAX_DEPTH,
    Word,
    WordReader,
)
from conda_lockstep.text.source import Span

__all__ = ["Script", "ShellCommand", "Word", "read_script"]


class ShellCommand(NamedTuple):
    """A simple command: ``assignments`` such as ``X=1``, and the ``words`` after them; either may be empty.

    ``depth`` counts the substitutions and compound commands around it. ``joined`` and ``follow`` are the operators
    before and after it (``&&``, ``|``, ``;``, a line end), empty at the ends and next to a compound command. ``fed``
    says that its input comes from a pipe, a file or a text; ``documents`` are its here-documents. ``span`` reaches from
    its first word to its last word or redirection.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    span: Span
    depth: int = 0
    joined: str = ""
    follow: str = ""
    fed: bool = False
    documents: tuple[Piece, ...] = ()


class Script(NamedTuple):
    """The commands of a script, outer ones before those inside them, and its comments from ``#`` to the line's end."""

    commands: tuple[ShellCommand, ...]
    comments: tuple[Span, ...]


def read_script(piece: Piece, depth: int = 0) -> Script:
    """Read a script in time proportional to its length. ``depth`` is that of the script around it."""
    reader = _CommandReader(piece)
    reader.commands_until("", depth)
    return Script(tuple(draft.command() for draft in reader.drafts if draft.is_used), tuple(reader.comments))


_OPERATOR = re.compile(r"&&|\|\||\|&|\||;;&|;;|;&|;|&(?!>)|\n")
_REDIRECTION = re.compile(r"(?P<fd>\d+|\{\w+\})?(?P<op>&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<(?!\()|>(?!\())")
_COMMENT = re.compile(r"#[^\r\n]*")
_NAME = re.compile(r"[^\s;&|()<>]+")
_END_OF_WORD = r"(?=[\s;&|()<>]|$)"
_ESAC = re.compile(rf"esac{_END_OF_WORD}")
_IN = re.compile(rf"in{_END_OF_WORD}")

_OPENING = frozenset(("if", "while", "until", "{"))
_DIVIDING = frozenset(("then", "else", "elif", "do", "!"))
_CLOSING = frozenset(("fi", "done", "esac", "}"))


class _UnfinishedCommand:
    """A command that is being read. Words ``aside``, such as those of ``for``, belong to no command."""

    def __init__(self, depth: int, joined: str) -> None:
        self.words: list[Word] = []
        self.assignments: list[Word] = []
        self.documents: list[Piece] = []
        self.depth, self.joined, self.follow, self.end = depth, joined, "", 0
        self.fed = joined in ("|", "|&")
        self.aside = False

    @property
    def is_used(self) -> bool:
        return bool(self.words or self.assignments or self.documents)

    @property
    def is_open(self) -> bool:
        """Return whether the next word may be a reserved one."""
        return not (self.words or self.assignments or self.aside)

    def add(self, word: Word) -> None:
        if self.aside:
            return
        self.end = max(self.end, word.span.end)
        is_plain = bool(word.value) and word.piece.at[0] == word.span.start
        is_assignment = is_plain and not self.words and ASSIGNMENT.match(word.value)
        (self.assignments if is_assignment else self.words).append(word)

    def command(self) -> ShellCommand:
        first = next(iter((*self.assignments, *self.words)), None)
        start = first.span.start if first else self.documents[0].span(0, 0).start
        return ShellCommand(
            tuple(self.words), tuple(self.assignments), Span(start, max(start, self.end)), self.depth, self.joined,
            self.follow, self.fed, tuple(self.documents),
        )  # fmt: skip


class _HereDocument(NamedTuple):
    """A here-document whose text starts on the next line."""

    owner: _UnfinishedCommand
    delimiter: str
    strips_tabs: bool


class _CommandReader(WordReader):
    """Reads one script from its beginning to its end."""

    def __init__(self, piece: Piece) -> None:
        super().__init__(piece)
        self.drafts: list[_UnfinishedCommand] = []
        self.comments: list[Span] = []
        self.documents: list[_HereDocument] = []

    def commands_of(self, piece: Piece, depth: int) -> None:
        inner = _CommandReader(piece)
        inner.commands_until("", depth)
        self.drafts += inner.drafts

    def commands_until(self, closer: str, depth: int) -> None:
        """Read commands until ``)``, or until the end of a branch of ``case`` (``esac``), or all of them."""
        joined, last = "", None
        while True:
            self.passes(BLANKS)
            if self.at_end or (closer == ")" and self.sees(")")):
                return
            if closer == "esac" and (self.sees(";;", ";&") or _ESAC.match(self.text, self.i)):
                return
            operator = self.passes(_OPERATOR)
            if operator:
                joined = operator.group()
                if last:
                    last.follow, last = joined, None
                if joined == "\n":
                    self.read_documents()
            elif self.sees("("):
                joined, last = "", None
                self.pass_parentheses() if self.sees("((") else self.substitution(1, depth)
            elif self.sees(")"):
                self.i += 1
            elif not self.comment():
                last, depth = self.command(depth, joined)
                joined = ""

    def comment(self) -> bool:
        match = self.passes(_COMMENT)
        if match:
            self.comments.append(self.piece.span(*match.span()))
        return match is not None

    def command(self, depth: int, joined: str) -> tuple[_UnfinishedCommand, int]:
        """Read a simple command with the reserved words before it; return it, and the depth after it."""
        draft = _UnfinishedCommand(depth, joined)
        self.drafts.append(draft)
        while True:
            self.passes(BLANKS)
            if self.at_end or self.sees("\n", ";", "|", ")") or (self.sees("&") and not self.sees("&>")):
                return draft, depth
            if self.sees("("):
                if draft.is_open:
                    return draft, depth
                self.pass_definition(draft)
            elif not self.comment() and not self.redirection(draft):
                depth = self.next_word(draft, depth)

    def next_word(self, draft: _UnfinishedCommand, depth: int) -> int:
        """Read the next word of a command, with the block that a reserved word opens; return the depth after it."""
        start = self.i
        word = self.word(depth)
        raw = self.text[start : self.i]
        if not raw:
            self.i += 1
        elif not draft.is_open or raw != word.value:
            draft.add(word)
        elif raw in _OPENING or raw in _DIVIDING:
            depth += raw in _OPENING
            draft.depth = depth
        elif raw in _CLOSING:
            depth = max(0, depth - 1)
            draft.aside = True
        elif raw in ("for", "select", "case", "[["):
            draft.aside = True
            self.compound(raw, depth)
        elif raw == "function":
            self.passes(BLANKS)
            self.passes(_NAME)
        else:
            draft.add(word)
        return depth

    def compound(self, keyword: str, depth: int) -> None:
        """Read a construct with a grammar of its own."""
        if keyword == "case":
            if depth < MAX_DEPTH:
                self.case(depth)
        elif keyword == "[[":
            while not self.at_end and not self.sees("]]"):
                self.pass_word(depth)
            self.i += 2
        elif self.passes(BLANKS) and self.sees("(("):
            self.pass_parentheses()

    def case(self, depth: int) -> None:
        """Read ``case WORD in PATTERN) commands ;; … esac``, starting after the first word."""
        while not self.at_end and not self.passes(_IN):
            self.pass_word(depth)
        while not self.at_end:
            self.pass_gap()
            if self.passes(_ESAC):
                return
            while not self.at_end and not self.sees(")"):
                self.pass_word(depth)
            self.i += 1
            self.commands_until("esac", depth + 1)
            self.passes(_OPERATOR)

    def pass_word(self, depth: int) -> None:
        """Skip blanks, or a word, or one other character."""
        start = self.i
        if not self.passes(BLANKS):
            self.word(depth)
        if self.i == start:
            self.i += 1

    def pass_gap(self) -> None:
        """Skip blanks, line ends and comments."""
        while self.passes(BLANKS) or self.comment() or self.sees("\n"):
            if self.sees("\n"):
                self.i += 1
                self.read_documents()

    def pass_definition(self, draft: _UnfinishedCommand) -> None:
        """Skip the ``()`` after a function's name: a command follows."""
        self.i += 1
        self.passes(BLANKS)
        if self.sees(")"):
            self.i += 1
            draft.words.clear()

    def redirection(self, draft: _UnfinishedCommand) -> bool:
        match = self.passes(_REDIRECTION)
        if not match:
            return False
        self.passes(BLANKS)
        target = self.word(draft.depth)
        draft.end = max(draft.end, self.piece.span(*match.span()).end, target.span.end)
        if match["op"] in ("<<", "<<-"):
            self.documents.append(_HereDocument(draft, target.value, match["op"] == "<<-"))
        draft.fed |= match["op"].startswith("<") and match["fd"] in (None, "0")
        return True

    def read_documents(self) -> None:
        """Read the here-documents that the line before this one started."""
        for document in self.documents:
            start = end = self.i
            while not self.at_end:
                end = self.i
                stop = self.text.find("\n", end)
                self.i = len(self.text) if stop < 0 else stop + 1
                line = self.text[end : self.i].rstrip("\r\n")
                if (line.lstrip("\t") if document.strips_tabs else line) == document.delimiter:
                    break
                end = self.i
            document.owner.documents.append(self.piece.part(start, end))
        self.documents = []
