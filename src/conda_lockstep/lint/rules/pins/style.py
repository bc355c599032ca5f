"""Rules about the order and spelling of entries; off by default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import CondaEntry, Entries, rewrite
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Source, Span


@rule("unsorted", "note", default=False)
def unsorted(entries: Entries, config: Config) -> Iterator[Problem]:
    """The conda entries of a paragraph are not sorted by name, with Python first and pip last."""
    for group in _paragraphs(entries):
        in_order = sorted(group, key=_rank)
        for entry, expected in zip(group, in_order, strict=True):
            if entry is not expected:
                yield Problem(
                    entry.item.span,
                    f"'{entry.item.value}' is out of order: '{expected.item.value}' belongs here",
                    "sort the entries by name, with python first and pip last",
                    Fix("sort the entries", _exchange(entries.file.source, group, in_order), "safe"),
                )
                break


@rule("spelling", "note", default=False)
def spelling(entries: Entries, config: Config) -> Iterator[Problem]:
    """An entry does not have the usual spelling: lower case, no spaces around operators."""
    for entry in entries.conda:
        spec, text = entry.spec, entry.item.value
        name = text[slice(*spec.name_at)]
        rest = text[spec.name_at[1] :]
        tidy = rest if spec.brackets or spec.build else re.sub(r"\s+", "", rest)
        if spec.clauses and spec.clauses[0].op == "" and tidy == rest.strip():
            tidy = rest
        elif spec.clauses and spec.clauses[0].op == "":
            tidy = re.sub(r"\s*([,|])\s*", r"\1", f" {rest.strip()}")
        usual = name.lower() + tidy
        if usual != name + rest:
            edit = rewrite(entry.item, (spec.name_at[0], len(text)), usual)
            yield Problem(
                entry.item.span,
                f"'{text}' is usually written '{text[: spec.name_at[0]]}{usual}'",
                "use lower case and no spaces around operators",
                Fix(f"write '{usual}'", (edit,), "safe") if edit else None,
            )


def _rank(entry: CondaEntry) -> tuple[bool, bool, str]:
    return entry.spec.name != "python", entry.spec.name == "pip", entry.spec.name


def _paragraphs(entries: Entries) -> Iterator[list[CondaEntry]]:
    """Yield the runs of entries on consecutive lines, one per line; an entry under a comment is left out."""
    source = entries.file.source
    group: list[CondaEntry] = []
    last = 0
    for entry in entries.conda:
        line = source.position(entry.item.span.start)[0]
        whole = not entry.item.flow and source.position(entry.item.span.end)[0] == line
        if group and not (whole and line == last + 1):
            yield group
            group = []
        if whole and not source.line(line - 1).lstrip().startswith("#"):
            group.append(entry)
        last = line if whole else last
    if group:
        yield group


def _exchange(source: Source, old: Sequence[CondaEntry], new: Sequence[CondaEntry]) -> tuple[Edit, ...]:
    """Return the edits that reorder the lines of entries, each with its comment."""

    def content(item: Item) -> Span:
        start = source.line_span(source.position(item.span.start)[0]).start
        return Span(start, source.rest_of_line(start).end)

    edits = []
    for entry, wanted in zip(old, new, strict=True):
        if entry is not wanted:
            edits.append(Edit(content(entry.item), source.text[slice(*content(wanted.item))]))
    return tuple(edits)
