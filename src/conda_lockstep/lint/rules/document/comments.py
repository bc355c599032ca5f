"""Rules about platform selectors, which conda ignores and conda-lock or mamba obeys.

conda-lock drops a line that ends in ``# … [word]`` unless the word is the platform it locks for
(``src_parser/selectors.py`` in conda-lock 4).
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
"""The platforms that conda-lock accepts in brackets."""

_SELECTOR = r"#.*\[(?P<word>[^\[\]]+)\][^()]*"
_PLATFORM = r"\b(?:not |and |or )|(?:linux|osx|win|unix|aarch64|arm64|x86|ppc64le)|py\s*[<>=]"


class _Bracketed(NamedTuple):
    """A line that conda-lock reads as one with a selector; ``span`` starts at its ``#``."""

    item: Item
    span: Span
    word: str
    is_comment: bool


@rule("bracket-comment", "warning", requires=("selector",))
def bracket_comment(entries: Entries, config: Config) -> Iterator[Problem]:
    """A comment ends in ``[word]``: conda-lock reads it as a selector and drops the entry without an error."""
    source = entries.file.source
    for item, span, word, is_comment in _bracketed(entries.file):
        if re.search(_PLATFORM, word):
            continue
        text = source.text[span.start : span.end]
        edit = Edit(span, text.replace("[", "(").replace("]", ")"))
        where = "in the comment" if is_comment else "after '#'"
        yield Problem(
            span,
            f"conda-lock reads '[{word}]' {where} as a selector and drops '{item.value}'",
            "replace the brackets with parentheses" if is_comment else "remove the '#' or the brackets",
            Fix("replace the comment's brackets with parentheses", (edit,), "safe") if is_comment else None,
        )


@rule("unsupported-selector", "warning", requires=("selector",))
def unsupported_selector(entries: Entries, config: Config) -> Iterator[Problem]:
    """An entry has a platform selector that conda does not support, but conda-lock or mamba does."""
    for item, span, word, is_comment in _bracketed(entries.file):
        if not is_comment or not re.search(_PLATFORM, word):
            continue
        reads = "only conda-lock supports it" if word in SELECTORS else "conda-lock always drops the entry"
        yield Problem(
            span,
            f"conda ignores the selector '[{word}]' and installs '{item.value}' on every platform; {reads}",
            "use one environment file per platform",
        )
    for entry in _sel_entries(entries.file):
        yield Problem(
            entry.key.span,
            f"only mamba supports '{entry.key.value}': conda has no installer of that name",
            "use one environment file per platform",
        )


@rule("mixed-selectors", "error", supersedes=("unsupported-selector",), requires=("selector",))
def mixed_selectors(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file contains selectors for mamba and for conda-lock: no tool supports both."""
    comments = [found for found in _bracketed(entries.file) if found.is_comment and found.word in SELECTORS]
    mappings = _sel_entries(entries.file)
    if comments and mappings:
        yield Problem(
            mappings[0].key.span,
            f"'{mappings[0].key.value}' is a mamba selector and '[{comments[0].word}]' a conda-lock selector: "
            "no tool supports both",
            "use one environment file per platform",
            also=((comments[0].span, "the conda-lock selector"),),
        )


def _sel_entries(file: EnvironmentFile) -> list[MappingEntry]:
    return [
        entry
        for entry in file.dependencies
        if isinstance(entry, MappingEntry) and entry.key.value.startswith("sel(")
    ]


def _bracketed(file: EnvironmentFile) -> Iterator[_Bracketed]:
    """Yield the lines of the dependencies that conda-lock reads as ones with a selector."""
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
