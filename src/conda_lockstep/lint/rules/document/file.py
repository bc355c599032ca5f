"""Rules about the file as a whole: it must be readable, and list channels and packages."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import Kind
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span


@rule("unreadable-file", "error")
def unreadable_file(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file cannot be read: it is not UTF-8, not valid YAML, or contains a committed merge conflict."""
    # Said by the reader, before there are entries to check: see ``lint.unreadable``.
    yield from ()


@rule("missing-dependencies", "error")
def missing_dependencies(entries: Entries, config: Config) -> Iterator[Problem]:
    """``dependencies:`` is missing, empty or not a list: there is nothing to install."""
    file = entries.file
    if file.dependencies:
        return
    key = file.key("dependencies")
    if key is None:
        first = file.keys[0].key.span if file.keys else Span(0, 0)
        yield Problem(first, "'dependencies:' is missing", "add 'dependencies:' with a list of packages")
        return
    what = {
        "sequence": "'dependencies:' is an empty list",
        "null": "'dependencies:' is empty",
        "mapping": "'dependencies:' is a mapping, not a list",
    }.get(file.dependencies_kind, "'dependencies:' is a single value, not a list")
    yield Problem(key.key.span, what, "write one package per line, each after '- '")


@rule("channels-not-list", "error")
def channels_not_list(entries: Entries, config: Config) -> Iterator[Problem]:
    """``channels:`` is a single value, not a list: conda reads each letter as a channel."""
    file = entries.file
    key = file.key("channels")
    if key is None or file.channels.kind in ("sequence", "null"):
        return
    value = key.value
    help_ = "write one channel per line, each after '- '"
    if value.kind != "string":
        message = f"'channels:' is {_NOUN.get(value.kind, 'a value')}, not a list"
        yield Problem(value.span, message, help_)
        return
    source, names = file.source, value.value.replace(",", " ").split()
    one_line = source.position(value.span.start)[0] == source.position(value.span.end)[0]
    fix = None
    if one_line and value.verbatim and names and not value.flow:
        between = source.text[key.key.span.end : value.span.start]
        at = Span(value.span.start - len(between) + len(between.rstrip(" \t")), value.span.end)
        indent = " " * (source.position(key.key.span.start)[1] - 1)
        lines = "".join(f"{source.newline}{indent}  - {name}" for name in names)
        fix = Fix("write the channels as a list", (Edit(at, lines),), "safe")
    message = f"'channels: {value.value}' is not a list: conda reads each letter as a channel"
    yield Problem(value.span, message, help_, fix)


_NOUN: dict[Kind, str] = {"mapping": "a mapping", "number": "a number"}
