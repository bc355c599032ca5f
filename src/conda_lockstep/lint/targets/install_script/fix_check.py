"""Checks that a fix changes only the words that it edits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.text.source import Span


def kept(before: InstallFile, after: InstallFile, edits: Iterable[Edit]) -> bool:
    """Return whether every word, image and comment that no edit touches is unchanged and in the same order."""
    changed = sorted(edit.span for edit in edits)
    rest = iter([text for _, text in _texts(after)])
    return all(text in rest for span, text in _texts(before) if not _is_changed(span, changed))


def _is_changed(word: Span, edits: Sequence[Span]) -> bool:
    """Return whether one of the sorted edits changes a word; an insertion next to it does not."""
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
