"""The lines that pip reads for an environment: items of its ``pip:`` lists, and the requirements files they name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.pip_lines import logical_lines, without_comment
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path
from conda_lockstep.text.source import Source

MAX_LINES = 5_000
"""The most lines in all requirements files together; pip-compile's largest have hundreds, with hashes."""


class RequirementLine(NamedTuple):
    """A line without its comment, and where it begins.

    The text begins ``shift`` characters later, such as after a quote; None where it is not verbatim in the file.
    """

    text: str
    where: Location
    shift: int | None = 0

    def at(self, offset: int) -> Location:
        """Return the place of a character of the text."""
        if self.shift is None:
            return self.where
        return self.where._replace(column=self.where.column + self.shift + offset)


def lines_of(file: EnvironmentFile, refused: list[LockstepError]) -> Iterator[RequirementLine]:
    """Yield the items of the ``pip:`` lists; the error for an item that is not text goes to ``refused``."""
    for section in file.pip_sections:
        for item in section.items:
            where = file.source.location(item.span.start)
            if item.kind != "string" or not item.value.strip():
                what = "this is not a pip requirement"
                refused.append(LockstepError(what, where=where, remedy="write a name, or delete it"))
                continue
            if text := without_comment(item.value):
                yield RequirementLine(text, where, int(item.quoted) if item.verbatim else None)


class RequirementsFiles:
    """Reads the files that ``-r`` and ``-c`` name, each inside the repository.

    Other machines do not have a file from outside the repository, and its content may be private.
    """

    def __init__(self, environment_file: str) -> None:
        self._folder = Path(environment_file).parent
        self._root = repository(resolve_path(self._folder))
        self._open: list[Path] = []
        self._left = MAX_LINES

    def lines(self, name: str, named_at: RequirementLine) -> Iterator[RequirementLine]:
        """Yield the lines of a file, relative to the one that names it.

        Files that it names must be requested while this one is read. Raises ``LockstepError`` at the line that names
        it where it cannot be read, and for a circle.
        """
        path = self._path(name, named_at)
        shown = posixpath.normpath(path.as_posix())
        known = resolve_path(path)
        if known in self._open:
            raise _refused(named_at, f"{shown} includes itself", "remove one of the two lines")
        try:
            text = read_text(path)
        except LockstepError as error:
            raise _refused(
                named_at, f"{shown}: {error.what}", error.remedy or "write its lines here"
            ) from None
        if self._left < 0:
            return  # said once
        self._open.append(known)
        for line in _lines(text, shown):
            self._left -= 1
            if self._left < -1:
                return  # said once
            if self._left < 0:
                raise _refused(named_at, f"more than {MAX_LINES:,} lines", "name the right file")
            yield line
        self._open.pop()

    def _path(self, name: str, named_at: RequirementLine) -> Path:
        if "://" in name or name.startswith("file:"):
            what = "the content of a URL may change unnoticed"
            raise _refused(named_at, what, "add the file to the repository, and write its path")
        if Path(name).is_absolute() or name.startswith("~"):
            raise _refused(named_at, "it is a file of one machine", "add it to the repository")
        path = Path(named_at.where.path).parent / name
        real = resolve_path(path)
        # git's own folder may hold a checkout's token.
        if not real.is_relative_to(self._root) or ".git" in real.relative_to(self._root).parts:
            what = "it is not in this repository, so other machines do not have it"
            raise _refused(named_at, what, "add it to the repository")
        return path


def _refused(line: RequirementLine, what: str, remedy: str) -> LockstepError:
    return LockstepError(f"'{line.text}' cannot be read: {what}", where=line.where, remedy=remedy)


def repository(folder: Path) -> Path:
    """Return the folder that is shared: the repository's, else the environment file's own."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _lines(text: str, shown: str) -> Iterator[RequirementLine]:
    source = Source.of(shown, text)
    for line in logical_lines(source.text):
        yield RequirementLine(line.text, source.location(line.start), 0 if line.verbatim else None)
