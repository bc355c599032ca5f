"""Variables that a file sets, and from where on they hold."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand


class Setting(NamedTuple):
    """A variable's value, and the offset from which on it holds."""

    start: int
    value: str


Settings: TypeAlias = Mapping[str, tuple[Setting, ...]]
"""The values of variables, in the order of the file."""

NOTHING: Settings = MappingProxyType({})

_BUILTINS = frozenset(("export", "declare", "readonly", "typeset", "local"))


def value_at(settings: Settings, name: str, at: int) -> str | None:
    """Return the value of a variable at an offset, or None."""
    known = settings.get(name, ())
    count = bisect_right(known, at, key=lambda setting: setting.start)
    return known[count - 1].value if count else None


def exports(commands: Iterable[ShellCommand]) -> Settings:
    """Return the variables that a script sets for later commands: ``X=1`` alone, or after ``export``."""
    found: dict[str, list[Setting]] = defaultdict(list)
    for command in commands:
        words = command.assignments if not command.words else ()
        if command.words and command.words[0].value in _BUILTINS:
            words = command.words[1:]
        for word in words:
            name, equals, value = word.value.partition("=")
            if equals:
                found[name].append(Setting(word.span.end, value))
    return {name: tuple(sorted(settings)) for name, settings in found.items()}
