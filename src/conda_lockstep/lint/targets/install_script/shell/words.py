"""The words of a shell script: quotes, escapes, and expansions.

POSIX.1-2024, "Shell Command Language", 2.2 to 2.6, and what bash adds. Expansions are kept as written; the
commands inside them are read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from conda_lockstep.lint.targets.install_script.shell.piece import Piece, join
from conda_lockstep.text.source import Span

MAX_DEPTH = 30
"""How deep substitutions and subshells are read; deeper ones are skipped."""

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")
BLANKS = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)+")


class Word(NamedTuple):
    """A word with its quotes and escapes resolved; an expansion in it is kept as written.

    ``span`` is its place, quotes included. ``literal`` says that nothing in it is expanded, ``splits`` that it may
    become several words, or none.
    """

    piece: Piece
    span: Span
    literal: bool = True
    splits: bool = False

    @property
    def value(self) -> str:
        """Return the word's text."""
        return self.piece.text

    def part(self, start: int, end: int | None = None) -> Word:
        """Return the part between two offsets of the value, such as the one after an option's ``=``."""
        stop = len(self.value) if end is None else end
        return self._replace(piece=self.piece.part(start, stop), span=self.piece.span(start, stop))


class WordReader:
    """Reads the words of one script; ``i`` is how far it has come. The reader of commands derives from it."""

    def __init__(self, piece: Piece) -> None:
        self.piece, self.text, self.i = piece, piece.text, 0

    def commands_until(self, closer: str, depth: int) -> None:
        """Read commands until the ``closer``, which is left, or the end."""
        raise NotImplementedError

    def commands_of(self, piece: Piece, depth: int) -> None:
        """Read the commands of another piece, as those of this script."""
        raise NotImplementedError

    @property
    def at_end(self) -> bool:
        """Return whether the end is reached."""
        return self.i >= len(self.text)

    def sees(self, *texts: str) -> bool:
        """Return whether one of these texts is next."""
        return self.text.startswith(texts, self.i)

    def passes(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Skip the text that a pattern matches here."""
        match = pattern.match(self.text, self.i)
        if match:
            self.i = match.end()
        return match

    def word(self, depth: int) -> Word:
        """Read a word; it is empty if none starts here."""
        start, parts = self.i, _Parts()
        while not self.at_end:
            plain = self.passes(_PLAIN)
            if plain:
                parts.keep(*plain.span())
            elif self._quoting(parts, depth) or self._expansion(parts, depth, quoted=False):
                continue
            elif not (self.sees("(") and self._parentheses(parts, start, depth)):
                break
        self.i = min(self.i, len(self.text))
        return parts.word(self.piece, start, self.i)

    def pass_parentheses(self) -> None:
        """Skip the parentheses that open here, with their content."""
        opened = 0
        for match in _PARENTHESES.finditer(self.text, self.i):
            opened += 1 if match.group() == "(" else -1
            if opened <= 0:
                self.i = match.end()
                return
        self.i = len(self.text)

    def substitution(self, opening: int, depth: int) -> None:
        """Read the commands between parentheses, whose opening has that many characters."""
        if depth >= MAX_DEPTH:
            self.i += opening - 1
            self.pass_parentheses()
        else:
            self.i += opening
            self.commands_until(")", depth + 1)
            self.i += 1

    def _quoting(self, parts: _Parts, depth: int) -> bool:
        """Read a quoted text or an escaped character."""
        if self.sees("'"):
            parts.keep(*self._single_quotes(self.i + 1))
        elif self.sees('"'):
            self._double_quotes(parts, depth)
        elif self.sees("\\"):
            if not self.passes(_JOINED):
                parts.keep(min(self.i + 1, len(self.text) - 1), self.i + 2)
                self.i += 2
        else:
            return False
        return True

    def _single_quotes(self, start: int) -> tuple[int, int]:
        end = self.text.find("'", start)
        end = len(self.text) if end < 0 else end
        self.i = end + 1
        return start, end

    def _double_quotes(self, parts: _Parts, depth: int) -> None:
        # Empty quotes are also a word.
        self.i += 1
        parts.keep(self.i, self.i)
        while not self.at_end:
            plain = self.passes(_IN_QUOTES)
            if plain:
                parts.keep(*plain.span())
            elif self.sees('"'):
                self.i += 1
                return
            elif self.sees("\\"):
                hidden = self.text[self.i + 1 : self.i + 2]
                if hidden != "\n":
                    parts.keep(self.i + (hidden in ("$", "`", '"', "\\")), self.i + 2)
                self.i += 2
            else:
                self._expansion(parts, depth, quoted=True)

    def _expansion(self, parts: _Parts, depth: int, *, quoted: bool) -> bool:
        """Read ``$…``, a command between backquotes, or ``<(…)``; it is kept as written."""
        start = self.i
        if self.sees("`"):
            self._backquotes(depth)
        elif self.sees("<(", ">(") and not quoted:
            self.substitution(2, depth)
            parts.expand(start, self.i, splits=False)
            return True
        elif not self.sees("$"):
            return False
        elif not quoted and self.sees("$'"):
            self.passes(_ANSI_C)
            parts.expand(start, self.i, splits=False)
            return True
        elif not quoted and self.sees('$"'):
            self.i += 1
            return True
        elif not self._dollar(depth, quoted=quoted):
            parts.keep(start, self.i)
            return True
        many = self.text.startswith(("$@", "${@"), start) or "[@]" in self.text[start : self.i]
        parts.expand(start, self.i, splits=many or not quoted)
        return True

    def _dollar(self, depth: int, *, quoted: bool) -> bool:
        """Skip the expansion that a ``$`` starts; tell whether it was more than the character."""
        if self.sees("${{"):  # GitHub replaces it in workflows before a shell reads the text
            end = self.text.find("}}", self.i)
            self.i = len(self.text) if end < 0 else end + 2
        elif self.sees("$(("):
            self.i += 1
            self.pass_parentheses()
        elif self.sees("$("):
            self.substitution(2, depth)
        elif self.sees("${"):
            self._braces(depth, quoted=quoted)
        else:
            self.i += 1
            return self.passes(_NAME) is not None
        return True

    def _backquotes(self, depth: int) -> None:
        """Read the commands between backquotes; a backslash escapes a backquote, a ``$`` and itself."""
        self.i += 1
        kept, begin = [], self.i
        while not self.at_end and not self.sees("`"):
            if self.sees("\\`", "\\\\", "\\$"):
                kept.append(self.piece.part(begin, self.i))
                self.i += 1
                begin = self.i
            self.i += 1
        kept.append(self.piece.part(begin, self.i))
        self.i += 1
        if depth < MAX_DEPTH:
            self.commands_of(join(kept), depth + 1)

    def _braces(self, depth: int, *, quoted: bool) -> None:
        """Skip ``${…}`` and read the commands in it."""
        self.i += 2
        aside = _Parts()
        while not self.at_end and not self.sees("}"):
            unread = depth >= MAX_DEPTH or (quoted and self.sees("'", '"'))
            if unread or not (self._quoting(aside, depth) or self._expansion(aside, depth + 1, quoted=True)):
                self.i += 1
        self.i += 1

    def _parentheses(self, parts: _Parts, start: int, depth: int) -> bool:
        """Read the list of ``name=(…)``, or skip the pattern of ``+(…)``; tell whether it was one of them."""
        begin, before = self.i, self.text[max(start, self.i - 1) : self.i]
        is_first = before == "=" and parts.literal and depth < MAX_DEPTH
        if is_first and ASSIGNMENT.fullmatch(self.text, start, begin):
            self.i += 1
            while not self.at_end and not self.sees(")"):
                self._pass_item(depth + 1)
            self.i += 1
        elif before in tuple("?*+@!"):
            self.pass_parentheses()
        else:
            return False
        parts.expand(begin, self.i, splits=False)
        return True

    def _pass_item(self, depth: int) -> None:
        """Skip a separator of list items, or an item, or one other character."""
        start = self.i
        if not self.passes(_GAP):
            self.word(depth)
        if self.i == start:
            self.i += 1


_JOINED = re.compile(r"\\\r?\n")
_PLAIN = re.compile(r"[^ \t\r\f\v\n;&|()<>\\'\"$`]+")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"\w+|[@*#?$!\-]")
_ANSI_C = re.compile(r"\$'(?:[^'\\]|\\.)*'?", re.DOTALL)
_GAP = re.compile(r"(?:\s|\\\r?\n|(?<=\s)#[^\n]*)+")
_PARENTHESES = re.compile(r"[()]")


class _Parts:
    """The parts of a word after its quotes and escapes are removed."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, int]] = []
        self.literal, self.splits = True, False

    def keep(self, start: int, end: int) -> None:
        if self.kept and self.kept[-1][1] == start:
            start = self.kept.pop()[0]
        self.kept.append((start, end))

    def expand(self, start: int, end: int, *, splits: bool) -> None:
        self.keep(start, end)
        self.literal = False
        self.splits |= splits

    def word(self, piece: Piece, start: int, end: int) -> Word:
        parts = [piece.part(*kept) for kept in self.kept] or [piece.part(start, start)]
        value = join(parts)
        literal = self.literal and "${{" not in value.text
        return Word(value, piece.span(start, end), literal, self.splits)
