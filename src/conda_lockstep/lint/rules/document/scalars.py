"""Does every reader of YAML make the same text of a value?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import Item, PipSection
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

# Patterns are text: they are compiled when a value first needs them, and kept by ``re``.
_NUMBER_1_2 = r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+"
"""A number of YAML 1.2's core schema, which conda reads by; 1.1 knows fewer, and some others."""
_EXPANDED_BY_PIP = r"\$\{[A-Z0-9_]+\}"
_TEMPLATE = r"\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>|\$\{[^${}]*\}|\$[A-Za-z_]\w*|\{[a-z_]\w{0,40}\}"


@rule("unquoted-scalar", "warning")
def unquoted_scalar(entries: Entries, config: Config) -> Iterator[Problem]:
    """An unquoted value is a number, a date or a truth value to YAML: ``name: 3.10`` is 3.1, ``010`` is 8 or 10."""
    name = entries.file.key("name")
    values = [("name", name.value)] if name else []
    values += [(pair.key.value, pair.value) for pair in entries.file.variables]
    for key, value in values:
        read_as = _read_as(value, any_number=key == "name")
        if read_as:
            text = entries.file.source.text[value.span.start : value.span.end]
            fix = Fix(f"quote '{value.value}'", (Edit(value.span, f'"{text}"'),), "safe")
            yield Problem(
                value.span,
                f"'{key}: {value.value}' is {read_as}",
                f'quote it: "{value.value}"',
                fix if value.verbatim else None,
            )


@rule(
    "template-in-file",
    "error",
    supersedes=(
        "invalid-match-spec", "mapping-spec", "non-string-item", "invalid-requirement", "unpinned-conda",
        "unpinned-pip", "pip-syntax-in-conda-list", "stray-pip", "bad-name", "unquoted-scalar",
    ),
    requires=("placeholder",),
)  # fmt: skip
def template_in_file(entries: Entries, config: Config) -> Iterator[Problem]:
    """Placeholders stand in the file, ``{{ … }}`` or ``$VAR``, which conda does not fill in."""
    places = list(_placeholders(entries))
    if places:
        (span, found, where), *others = places
        yield Problem(
            span,
            f"'{found}' stays as it is: {where} fills in no templates",
            "write what it stands for, or lint the file that is made of this one",
            also=tuple((place, f"'{another}', too") for place, another, _ in others),
        )


def has_placeholder(text: str) -> bool:
    """Say whether a text is no value yet."""
    return ("{" in text or "$" in text or "<%" in text) and re.search(_TEMPLATE, text) is not None


def _placeholders(entries: Entries) -> Iterator[tuple[Span, str, str]]:
    """Yield each placeholder's place and text, and who does not fill it in.

    Of channels conda expands the variables, of pip entries pip does.
    """
    name = entries.file.key("name")
    values = [(name.value, "conda")] if name else []
    for entry in entries.file.dependencies:
        if isinstance(entry, Item):
            values.append((entry, "conda"))
        elif isinstance(entry, PipSection):
            values += ((item, "pip") for item in entry.items)
        elif entry.key.kind == "mapping":
            yield (
                entry.span,
                f"{{{{ {entries.file.source.text[slice(*entry.span)].strip(' {}:')} }}}}",
                "conda",
            )
    for item, where in values:
        if has_placeholder(item.value):
            found = re.search(
                _TEMPLATE, re.sub(_EXPANDED_BY_PIP, "", item.value) if where == "pip" else item.value
            )
            place = item.value.find(found.group()) if found else -1
            if found:
                span = item.at(place, place + len(found.group())) if place >= 0 else item.span
                yield span, found.group(), where


def _read_as(item: Item, *, any_number: bool) -> str:
    """Say what YAML makes of an unquoted value, empty where every reader makes of it the text as it stands."""
    if item.quoted or item.kind not in ("string", "number"):
        return ""
    text = item.value
    old: object = text
    if item.kind == "number":
        from conda_lockstep.text.yaml_values import load

        try:
            old = load(text, "")
        except LockstepError:  # such as the date 2020-13-01
            return ""
    new = _number(text)
    if isinstance(old, str) and new is None:
        return ""
    if isinstance(old, bool):
        plain = text.lower() in ("true", "false")
        return f"a truth value to YAML, and then '{old}'" if plain else f"{old} to YAML 1.1, text to 1.2"
    if not isinstance(old, (int, float, str)):
        return "a date to YAML"
    if new is None:
        return f"the number {old} to YAML 1.1, text to 1.2"
    if isinstance(old, str):
        return f"the number {new} to YAML 1.2, text to 1.1"
    if old != new:
        return f"{old} to YAML 1.1, {new} to 1.2"
    if str(new) != text:
        return f"the number {new} to YAML"
    return "a number to YAML, no name" if any_number else ""


def _number(text: str) -> int | float | None:
    """Read a number as YAML 1.2 does."""
    if text[:1] not in "+-.0123456789" or not re.fullmatch(_NUMBER_1_2, text):
        return None
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    try:
        return int(text)
    except ValueError:
        return float(text)
