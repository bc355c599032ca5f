"""Rules about the file itself: is it what conda reads, and does every tool read it alike?"""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.document import Span
from conda_lockstep.environment.entries import Entries
from conda_lockstep.rules import Problem, rule


@rule("unreadable-file", "error")
def unreadable_file(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file is not UTF-8, not YAML, or holds a committed merge conflict: no tool can read it."""
    # Said by the reader, before there are entries to check: see ``lint.unreadable``.
    yield from ()


@rule("missing-dependencies", "error")
def missing_dependencies(entries: Entries, config: Config) -> Iterator[Problem]:
    """``dependencies:`` is absent, empty or no list: there is nothing to install."""
    file = entries.file
    if file.dependencies:
        return
    key = file.key("dependencies")
    if key is None:
        first = file.keys[0].key.span if file.keys else Span(0, 0)
        yield Problem(first, "there is no 'dependencies:'", "add the key with a list of packages under it")
        return
    what = {
        "sequence": "'dependencies:' is an empty list",
        "null": "'dependencies:' is empty",
        "mapping": "'dependencies:' is a mapping, not a list",
    }.get(file.dependencies_kind, "'dependencies:' is a single value, not a list")
    yield Problem(key.key.span, what, "write one package per line, each behind '- '")


@rule("invalid-match-spec", "error")
def invalid_match_spec(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry is no match spec (CEP 29): conda, mamba or rattler refuses the file."""
    for entry in entries.bad:
        if entry.manager == "conda":
            place = entry.item.at(*entry.problem.where)
            message = f"'{entry.problem.text}' is no match spec: {entry.problem.message}"
            yield Problem(place, message, "write name, name=1.2, 'name>=1.2,<2' or name=1.2.*=build")
