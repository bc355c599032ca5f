"""The lines that pip is given: items of a ``pip:`` list, and the lines of requirements files.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path

MAX_LINES = 5_000
"""What all requirements files together may hold; pip-compile's largest have hundreds, with hashes."""

_SHORT = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
}
_LONG = {"--pypi-url": "--index-url", "--requirements": "--requirement", "--constraints": "--constraint"}


class Line(NamedTuple):
    """A line without its comment, and where it begins.

    The text is ``shift`` characters behind that, such as a quote; None where it is not as the file has it.
    """

    text: str
    where: Location
    shift: int | None = 0

    def at(self, offset: int) -> Location:
        """Return the place of a character of the text."""
        if self.shift is None:
            return self.where
        return self.where._replace(column=self.where.column + self.shift + offset)


class PipOption(NamedTuple):
    """An option of pip by its long name; ``value`` is empty where none is given."""

    name: str
    value: str


def lines_of(file: EnvironmentFile) -> Iterator[Line]:
    """Yield the items of the ``pip:`` lists. Raises ``LockstepError`` for what is no text."""
    for section in file.pip_sections:
        for item in section.items:
            where = file.source.location(item.span.start)
            if item.kind != "string" or not item.value.strip():
                raise LockstepError(
                    "this is no pip requirement", where=where, remedy="write a name, or delete it"
                )
            if text := without_comment(item.value):
                yield Line(text, where, int(item.quoted) if item.verbatim else None)


class RequirementsFiles:
    """Reads the files that ``-r`` and ``-c`` name, each below the folder of the repository.

    What is not in the repository other machines do not have; and a file from elsewhere may hold what is not to be
    shown.
    """

    def __init__(self, environment_file: str) -> None:
        self._folder = Path(environment_file).parent
        self._root = _repository(resolve_path(self._folder))
        self._open: list[Path] = []
        self._left = MAX_LINES

    def lines(self, name: str, named_at: Line) -> Iterator[Line]:
        """Yield the lines of a file, relative to the one that names it.

        Files that it names must be asked for while this one is read. Raises ``LockstepError`` at the line that names
        it where it cannot be read, and for a circle.
        """
        path = self._path(name, named_at)
        shown = posixpath.normpath(path.as_posix())
        known = resolve_path(path)
        if known in self._open:
            raise _refused(named_at, f"{shown} leads back to itself", "take one of the two lines out")
        try:
            text = read_text(path)
        except LockstepError as error:
            raise _refused(
                named_at, f"{shown}: {error.what}", error.remedy or "write its lines here"
            ) from None
        self._open.append(known)
        for line in _logical_lines(text, shown):
            self._left -= 1
            if self._left < 0:
                raise _refused(named_at, f"there are more than {MAX_LINES:,} lines", "name the right file")
            yield line
        self._open.pop()

    def _path(self, name: str, named_at: Line) -> Path:
        if "://" in name or name.startswith("file:"):
            what = "what a URL holds may change without anybody here noticing"
            raise _refused(named_at, what, "add the file to the repository, and name that")
        if Path(name).is_absolute() or name.startswith("~"):
            raise _refused(named_at, "it is a file of one machine", "add it to the repository")
        path = Path(named_at.where.path).parent / name
        real = resolve_path(path)
        # git's own folder may hold a checkout's token.
        if not real.is_relative_to(self._root) or ".git" in real.relative_to(self._root).parts:
            what = "it is not in this repository, so other machines do not have it"
            raise _refused(named_at, what, "add it to the repository")
        return path


def split_options(text: str) -> tuple[str, str]:
    """Split a line into its requirement and what stands behind it: ``a==1 --hash=…``."""
    found = re.search(r"(?:^|\s)(?=--?[A-Za-z])", text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def options(text: str) -> Iterator[PipOption]:
    """Yield the options of a line; ``-rfile``, ``-r file`` and ``--requirement=file`` are one."""
    words = text.split()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, given, value = word.partition("=")
            name = _LONG.get(name, name)
        else:
            name, value = _SHORT.get(word[:2], word), word[2:].removeprefix("=")
            given = value if word[:2] in _SHORT else "none"
        if not given and words and not words[0].startswith("-"):
            value = words.pop(0).removeprefix("=") or (words.pop(0) if words else "")
        yield PipOption(name, value.strip("\"'"))


def without_comment(text: str) -> str:
    """Return a line without its comment and the blanks around."""
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _refused(line: Line, what: str, remedy: str) -> LockstepError:
    return LockstepError(f"'{line.text}' cannot be read: {what}", where=line.where, remedy=remedy)


def _repository(folder: Path) -> Path:
    """Return the folder that is shared: the repository's, else the environment file's own."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _logical_lines(text: str, shown: str) -> Iterator[Line]:
    """Join what a backslash continues, as pip does; of a joined line only the beginning has a place."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate((*text.split("\n"), ""), 1):
        # A comment ends at the line's end, backslash or not.
        is_comment = without_comment(line) == "" and line.strip() != ""
        if parts and is_comment:
            line = ""
        first = first if parts else number
        parts.append(line.removesuffix("\\"))
        if line.endswith("\\") and not is_comment:
            continue
        joined = parts[0] if len(parts) == 1 else " ".join("".join(parts).split())
        if stripped := without_comment(joined):
            indent = len(parts[0]) - len(parts[0].lstrip())
            yield Line(stripped, Location(shown, first, indent + 1), 0 if len(parts) == 1 else None)
        parts = []
