"""The terminal: color, width, plurals, progress and encoding, decided in one place."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse

COLOR_CHOICES = ("auto", "always", "never")
ERRORS = "lockstep-readable"
"""The name of the error handler that replaces characters an encoding lacks."""

_SGR = r"\x1b\[[0-9;]*m"
_STAND_INS = {
    "→": "->", "←": "<-", "–": "-", "—": "-", "…": "...", "·": "*", "•": "*", "×": "x", "≥": ">=", "≤": "<=", "≠": "!=",
    "‘": "'", "’": "'", "“": '"', "”": '"', "✓": "ok", "✔": "ok", "✗": "x", "✘": "x", "⟨": "<", "⟩": ">", "\u00a0": " ",
}  # fmt: skip


def add_color(parser: argparse.ArgumentParser) -> None:
    """Declare ``--color``."""
    parser.add_argument(
        "--color",
        choices=COLOR_CHOICES,
        default="auto",
        help="when to use color; default: auto, which is on a terminal",
    )


def use_color(
    choice: str = "auto", stream: TextIO | None = None, environ: Mapping[str, str] | None = None
) -> bool:
    """Return whether to color a stream, by default standard output.

    The option decides first, then ``NO_COLOR`` (https://no-color.org), ``FORCE_COLOR`` (https://force-color.org), and
    ``TERM=dumb``; a variable that is set but empty does not count.
    """
    if choice != "auto":
        return choice == "always"
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and (stream or sys.stdout).isatty()


def show_progress(stream: TextIO | None = None, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether to draw progress bars: on a terminal that can move its cursor, outside CI."""
    environ = os.environ if environ is None else environ
    return "CI" not in environ and environ.get("TERM") != "dumb" and (stream or sys.stderr).isatty()


def width() -> int:
    """Return the columns of standard output: ``COLUMNS``, else the terminal's, else 0 for no limit."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (ValueError, OSError, AttributeError):
        return 0


def fold(text: str, columns: int) -> str:
    """Break lines longer than ``columns`` between words; 0 means no limit.

    The rest of a table row is aligned with its last column, any other rest is indented. A word is never broken: a path
    or URL that is too long remains whole.
    """
    if columns <= 0:
        return text
    return "\n".join(_folded(line, columns) for line in text.split("\n"))


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 file``, ``2 files``, ``1,000 entries``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def paint(text: str, code: str, colour: bool) -> str:
    """Return text in a terminal's color or weight (an SGR code), as is without ``colour``."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def write_text(text: str) -> None:
    """Write text for people to standard output; on a terminal, fold it to the width."""
    sys.stdout.write(fold(text, width()) if sys.stdout.isatty() else text)


def write_document(text: str) -> None:
    """Write a document for programs to standard output: always UTF-8, never folded."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8", ERRORS))
    buffer.flush()


def prepare_streams() -> None:
    """Make the standard streams replace characters that their encoding lacks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and getattr(stream, "errors", "") != ERRORS:
            reconfigure(errors=ERRORS)


def stand_in(text: str) -> str:
    """Return ASCII for text: stand-ins for arrows, dashes and marks, escapes for any other character."""
    return "".join(
        _STAND_INS.get(char) or char.encode("ascii", "backslashreplace").decode("ascii") for char in text
    )


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return stand_in(error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _replace)


def _folded(line: str, columns: int) -> str:
    if len(line) <= columns or _length(line) <= columns:
        return line
    indent = _hang(line, columns)
    # A gap between columns goes with the word after it, so that rows remain aligned.
    words = re.findall(r"\s*\S+", line)
    lines, current, used = list[str](), words[0], _length(words[0])
    for word in words[1:]:
        size = _length(word)
        if used + size <= columns:
            current, used = current + word, used + size
        else:
            lines.append(current)
            bare = word.lstrip()
            current, used = " " * indent + bare, indent + _length(bare)
    return "\n".join((*lines, current))


def _hang(line: str, columns: int) -> int:
    plain = re.sub(_SGR, "", line)
    start = len(plain) - len(plain.lstrip())
    ends = [gap.end() for gap in re.finditer(r"\S {2,}(?=\S)", plain)]
    fitting: Sequence[int] = [end for end in ends if end <= columns * 3 // 5]
    return fitting[-1] if fitting else start + 2


def _length(text: str) -> int:
    return len(re.sub(_SGR, "", text)) if "\x1b" in text else len(text)
