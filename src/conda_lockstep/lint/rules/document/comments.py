"""What stands in a comment is nothing to conda, and something to conda-lock.

conda-lock drops a line that ends in ``# … [word]`` unless the word is the platform it locks for (its
``src_parser/selectors.py``, version 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, MappingEntry
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

SELECTORS = frozenset(
    ("linux", "linux64", "unix", "aarch64", "ppc64le", "osx", "osx64", "arm64", "win", "win64")
)
"""The platforms that conda-lock knows in brackets."""

_SELECTOR = r"#.*\[(?P<word>[^\[\]]+)\][^()]*"
_PLATFORM = r"\b(?:not |and |or )|(?:linux|osx|win|unix|aarch64|arm64|x86|ppc64le)|py\s*[<>=]"


class _Bracketed(NamedTuple):
    """A line of the file that conda-lock takes for one with a selector; ``span`` is from its ``#`` on."""

    item: Item
    span: Span
    word: str
    is_comment: bool


@rule("bracket-comment", "warning", requires=("selector",))
def bracket_comment(entries: Entries, config: Config) -> Iterator[Problem]:
    """A comment ends in ``[word]``: conda-lock takes it for a selector and drops the entry without an error."""
    source = entries.file.source
    for item, span, word, is_comment in _bracketed(entries.file):
        if re.search(_PLATFORM, word):
            continue
        text = source.text[span.start : span.end]
        edit = Edit(span, text.replace("[", "(").replace("]", ")"))
        where = "the comment" if is_comment else "what stands behind the '#'"
        yield Problem(
            span,
            f"conda-lock takes '[{word}]' in {where} for a selector and drops '{item.value}'",
            "write the brackets as parentheses" if is_comment else "write it without '#' or without brackets",
            Fix("write the comment's brackets as parentheses", (edit,), "safe") if is_comment else None,
        )


@rule("unsupported-selector", "warning", requires=("selector",))
def unsupported_selector(entries: Entries, config: Config) -> Iterator[Problem]:
    """An entry is for some platforms only, in a way that one tool knows and conda does not."""
    for item, span, word, is_comment in _bracketed(entries.file):
        if not is_comment or not re.search(_PLATFORM, word):
            continue
        reads = "conda-lock alone knows that" if word in SELECTORS else "conda-lock drops it everywhere"
        yield Problem(
            span,
            f"'[{word}]' is a comment to conda, which installs '{item.value}' on every platform; {reads}",
            "keep one file per platform, and let each say what it needs",
        )
    for entry in _sel_entries(entries.file):
        yield Problem(
            entry.key.span,
            f"'{entry.key.value}' is known to mamba only: conda finds no such installer",
            "keep one file per platform, and let each say what it needs",
        )


@rule("mixed-selectors", "error", supersedes=("unsupported-selector",), requires=("selector",))
def mixed_selectors(entries: Entries, config: Config) -> Iterator[Problem]:
    """Selectors of mamba and of conda-lock stand in one file: no tool reads both."""
    comments = [found for found in _bracketed(entries.file) if found.is_comment and found.word in SELECTORS]
    mappings = _sel_entries(entries.file)
    if comments and mappings:
        yield Problem(
            mappings[0].key.span,
            f"'{mappings[0].key.value}' is mamba's selector, '[{comments[0].word}]' conda-lock's: no tool reads both",
            "keep one file per platform, and let each say what it needs",
            also=((comments[0].span, "conda-lock's"),),
        )


def _sel_entries(file: EnvironmentFile) -> list[MappingEntry]:
    return [
        entry
        for entry in file.dependencies
        if isinstance(entry, MappingEntry) and entry.key.value.startswith("sel(")
    ]


def _bracketed(file: EnvironmentFile) -> Iterator[_Bracketed]:
    """Yield the lines that conda-lock takes for ones with a selector, as far as they are read for dependencies."""
    if "#" not in file.source.text or "[" not in file.source.text:
        return
    for item in _lines(file):
        comment = file.comment_after(item)
        if comment is not None:
            found = re.fullmatch(_SELECTOR, file.source.text[comment.start : comment.end])
            if found:
                yield _Bracketed(item, comment, found["word"], True)
        elif item.verbatim and "#" in item.value:
            found = re.search(_SELECTOR, item.value)
            if found and found.end() == len(item.value):
                yield _Bracketed(item, item.at(*found.span()), found["word"], False)


def _lines(file: EnvironmentFile) -> Iterator[Item]:
    yield from (pair.key for pair in file.keys if pair.key.value == "dependencies")
    for entry in file.dependencies:
        if isinstance(entry, Item):
            yield entry
        else:
            yield entry.key
            if not isinstance(entry, MappingEntry):
                yield from entry.items
