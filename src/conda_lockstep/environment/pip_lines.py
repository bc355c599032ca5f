"""The lines that pip reads: logical lines of requirements files, their comments, and options.

https://pip.pypa.io/en/stable/reference/requirements-file-format/ and ``pip/_internal/req/req_file.py``
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_SHORT = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
}
_LONG = {"--pypi-url": "--index-url", "--requirements": "--requirement", "--constraints": "--constraint"}

_PHYSICAL_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\n|\r|\Z)")
# Compiled when a line first needs them, and kept by ``re``.
_COMMENT = r"(?:^|\s)#"
_OPTION = r"(?:^|\s)(?=--?[A-Za-z])"


class LogicalLine(NamedTuple):
    """A line without its comment; ``start`` and ``end`` are offsets into the file.

    The text of a line that a backslash continues is not the file's own between them: ``verbatim`` is false.
    """

    text: str
    start: int
    end: int
    verbatim: bool


class PipOption(NamedTuple):
    """An option of pip by its long name; ``value`` is empty where none is given. ``written`` is the name as written."""

    name: str
    value: str
    written: str = ""


def logical_lines(text: str) -> Iterator[LogicalLine]:
    """Yield the lines of a requirements file that are more than a comment, joined at backslashes as pip joins them."""
    parts: list[str] = []
    begin = end = 0
    for match in _PHYSICAL_LINE.finditer(text):
        line = match[1]
        # A comment ends with its line, whether a backslash follows or not.
        is_comment = line.lstrip().startswith("#")
        if not parts:
            begin = match.start()
        if not is_comment:
            end = match.end(1)
        parts.append("" if is_comment else line.removesuffix("\\"))
        if line.endswith("\\") and not is_comment:
            continue
        yield from _joined(text, parts, begin, end)
        parts = []


def comment_start(text: str) -> int:
    """Return the offset at which the comment of a line begins; the length of the line where it has none."""
    match = re.search(_COMMENT, text) if "#" in text else None
    return match.start() if match else len(text)


def without_comment(text: str) -> str:
    """Return a line without its comment and the blanks around."""
    return text[: comment_start(text)].strip()


def split_options(text: str) -> tuple[str, str]:
    """Split a line into its requirement and the options after it: ``a==1 --hash=…``."""
    found = re.search(_OPTION, text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def options(text: str) -> Iterator[PipOption]:
    """Yield the options of a line; ``-rfile``, ``-r file`` and ``--requirement=file`` are one."""
    words = text.split()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            written, given, value = word.partition("=")
            name = _LONG.get(written, written)
        else:
            written = word[:2] if word[:2] in _SHORT else word
            name, value = _SHORT.get(written, word), word[2:].removeprefix("=")
            given = value if written in _SHORT else "none"
        if not given and words and not words[0].startswith("-"):
            value = words.pop(0).removeprefix("=") or (words.pop(0) if words else "")
        yield PipOption(name, value.strip("\"'"), written)


def _joined(text: str, parts: Sequence[str], begin: int, end: int) -> Iterator[LogicalLine]:
    joined = parts[0] if len(parts) == 1 else " ".join("".join(parts).split())
    body = without_comment(joined)
    if body:
        start = begin + len(parts[0]) - len(parts[0].lstrip())
        comment = re.compile(_COMMENT).search(text, start, end)
        end = start + len(text[start : comment.start() if comment else end].rstrip())
        yield LogicalLine(body, start, end, text[start:end] == body)
