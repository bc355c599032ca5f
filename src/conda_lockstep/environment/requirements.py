"""The requirements files that a ``pip:`` section includes with ``-r``, read as sections of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from conda_lockstep.environment.environment_file import EnvironmentFile, Item, ListOf, PipSection
from conda_lockstep.environment.pip_lines import logical_lines, options, without_comment
from conda_lockstep.environment.reader import MAX_ENTRIES, parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import decode, read_bytes
from conda_lockstep.text.resolve_path import resolve_path
from conda_lockstep.text.source import Source, Span, UnreadableFileError
from conda_lockstep.text.suppressions import Suppression, in_comments, is_alone

SUFFIXES = (".txt", ".in")
"""What requirements files are called; other names are not taken for one."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*", re.MULTILINE)


def parse_requirements(text: str, path: str) -> EnvironmentFile:
    """Read the text of a requirements file: an environment file that is one ``pip:`` section and nothing else.

    Lines that end in a backslash go on on the next. An ``@EXPLICIT`` list of conda's has no entries here. Raises
    :class:`UnreadableFileError` for a file with more entries than anybody writes.
    """
    source = Source.of(path, text)
    items = () if re.search(r"^@EXPLICIT\b", source.text, re.MULTILINE) else tuple(_items(source))
    if len(items) > MAX_ENTRIES:
        what = f"it holds more than {MAX_ENTRIES:,} entries"
        raise UnreadableFileError(what, source, 0, remedy="name the right file")
    nowhere = Span(0, 0)
    section = PipSection(Item("string", "pip", nowhere), "sequence", items, nowhere, flow=True)
    return EnvironmentFile(source, (), ListOf("missing", (), nowhere), (section,), "sequence", nowhere)


def named_by(path: Path) -> tuple[Path, ...]:
    """Return the requirements files that an environment file names, and those that these name, where they exist.

    Only what lies below the working folder, or below the file's own, is looked at: lines of other people's files are
    not for a log. A file that cannot be read names none: whoever lints it says so.
    """
    found: dict[Path, None] = {}
    near = (resolve_path(Path()), resolve_path(path.parent))
    to_read = [path]
    while to_read:
        for named in _references(to_read.pop()):
            if named not in found and named.suffix in SUFFIXES and _is_below(named, near):
                found[named] = None
                to_read.append(named)
    return tuple(found)


def suppressions_of(source: Source) -> tuple[Suppression, ...]:
    """Return the suppressions of a requirements file; one on a line of its own holds for the entry that follows."""
    comments = [Span(*match.span()) for match in _COMMENT.finditer(source.text)]
    entries = [
        (source.position(line.start)[0], source.position(line.end - 1)[0])
        for line in logical_lines(source.text)
    ]

    def lines(comment: Span) -> tuple[int, int]:
        own = source.position(comment.start)[0]
        first = own + 1 if is_alone(source, comment) else own
        return next((entry for entry in entries if entry[1] >= first), (own, own))

    return in_comments(source, comments, lines)


def _items(source: Source) -> Iterator[Item]:
    for line in logical_lines(source.text):
        yield Item("string", line.text, Span(line.start, line.end), verbatim=line.verbatim)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    try:
        real = resolve_path(path)
        return real.is_file() and any(real.is_relative_to(folder) for folder in folders)
    except (OSError, ValueError):
        # Names that are too long, or hold a NUL.
        return False


def _references(path: Path) -> Iterator[Path]:
    try:
        data = read_bytes(path, str(path))
        if b"-r" not in data:
            return
        text = decode(data, str(path))
        read = parse_requirements if path.suffix in SUFFIXES else parse
        items = list(read(text, str(path)).pip_items)
    except LockstepError:
        return
    for item in items:
        if not item.value.lstrip().startswith("-"):
            continue
        for option in options(without_comment(item.value)):
            if option.name == "--requirement" and option.value and "://" not in option.value:
                yield path.parent / option.value
