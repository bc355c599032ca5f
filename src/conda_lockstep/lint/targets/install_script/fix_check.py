"""Checks that a fix changes only the words that it edits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.lint.targets.install_script.kinds import kind_of
from conda_lockstep.lint.targets.install_script.reader import parse
from conda_lockstep.text.source import Source, Span, UnreadableFileError


def kept(before: Source, after: Source, edits: Iterable[Edit]) -> bool:
    """Tell whether every word, image and comment that no edit touches is unchanged and in the same order."""
    kind = kind_of(before.path) or "shell"
    try:
        old, new = parse(before.text, before.path, kind), parse(after.text, after.path, kind)
    except UnreadableFileError:
        return False
    changed = sorted(edit.span for edit in edits)
    rest = iter([text for _, text in _texts(new)])
    return all(text in rest for span, text in _texts(old) if not _is_changed(span, changed))


def _is_changed(word: Span, edits: Sequence[Span]) -> bool:
    """Tell whether one of the sorted edits changes a word; an insertion next to it does not."""
    before = bisect_left(edits, word.end, key=lambda edit: edit.start)
    return before > 0 and edits[before - 1].end > word.start


def _texts(file: InstallFile) -> list[tuple[Span, str]]:
    """Return the words of all commands, the images, and the comments, in the order of the text."""
    return sorted(_all_texts(file))


def _all_texts(file: InstallFile) -> Iterator[tuple[Span, str]]:
    for step in file.steps:
        for command in step.commands:
            yield from ((word.span, word.value) for word in (*command.assignments, *command.words))
    yield from ((image.span, image.name) for image in file.images)
    yield from ((word.span, word.value) for copy in file.copies for word in (*copy.sources, copy.target))
    yield from ((comment, file.source.text[slice(*comment)]) for comment in file.comments)
