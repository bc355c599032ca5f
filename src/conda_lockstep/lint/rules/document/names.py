"""Rules about the name of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

RESERVED = ("base", "root")
"""conda's names for its own environment; both refer to the same one."""


@rule("missing-name", "note")
def missing_name(entries: Entries, config: Config) -> Iterator[Problem]:
    """The environment has no name: each user chooses a different one."""
    pair = entries.file.key("name")
    if pair is None and entries.file.keys:
        first = entries.file.keys[0].key.span
        yield Problem(
            first, "the environment has no name", "add 'name:' with the name that everyone should use"
        )
    elif pair is not None and (pair.value.kind == "null" or not pair.value.value.strip()):
        yield Problem(pair.key.span, "'name:' is empty", "write the name that everyone should use")


@rule("reserved-name", "error")
def reserved_name(entries: Entries, config: Config) -> Iterator[Problem]:
    """The environment is named ``base`` or ``root``: creating it changes conda's own installation."""
    pair = entries.file.key("name")
    if pair is not None and pair.value.value in RESERVED:
        message = f"'{pair.value.value}' is the environment that conda itself runs in"
        yield Problem(pair.value.span, message, "choose another name, such as the name of the project")


@rule("bad-name", "error")
def bad_name(entries: Entries, config: Config) -> Iterator[Problem]:
    """The name contains a character that conda does not allow, or does not match ``name-pattern``."""
    pair = entries.file.key("name")
    if pair is None or pair.value.kind not in ("string", "number") or not pair.value.value.strip():
        return
    value = pair.value
    wrong = sorted({mark for mark in value.value if mark in "/ :#"})
    if wrong:
        listed = ", ".join("a space" if mark == " " else f"'{mark}'" for mark in wrong)
        meant = re.sub(r"[/ :#]+", "-", value.value).strip("-")
        edits = (Edit(Span(*value.span), meant),) if meant and value.verbatim and not value.quoted else ()
        yield Problem(
            value.span,
            f"'{value.value}' contains {listed}, which conda does not allow in a name",
            f"write '{meant}'" if meant else "use letters, digits, '-' and '_'",
            Fix(f"write '{meant}'", edits, "unsafe") if edits else None,
        )
    elif config.name_pattern and not _matches(config.name_pattern, value.value):
        message = f"'{value.value}' does not match 'name-pattern' in the settings"
        yield Problem(value.span, message, f"choose a name that matches {config.name_pattern}")


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error as error:
        raise LockstepError(
            f"'name-pattern' is not a valid regular expression: {error}", where="settings"
        ) from None
