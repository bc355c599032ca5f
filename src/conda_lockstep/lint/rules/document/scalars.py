"""Rules about values that tools read differently, or that are placeholders for a value."""

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
"""A number in the core schema of YAML 1.2, which conda uses; YAML 1.1 has different forms."""
_EXPANDED_BY_PIP = r"\$\{[A-Z0-9_]+\}"
_EGG = r"[#&]egg=[^\s&]*"
"""A name that pip does not need: whatever stands there, it installs the same."""
_TEMPLATE = r"\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>|\$\{[^${}]*\}|\$[A-Za-z_]\w*|\{[a-z_]\w{0,40}\}"


@rule("unquoted-scalar", "warning")
def unquoted_scalar(entries: Entries, config: Config) -> Iterator[Problem]:
    """YAML reads an unquoted value as a number, a date or a boolean: ``name: 3.10`` is 3.1, ``010`` is 8 or 10."""
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
    """The file contains placeholders, such as ``{{ … }}`` or ``$VAR``, that conda does not expand."""
    places = list(_placeholders(entries))
    if places:
        (span, found, where), *others = places
        yield Problem(
            span,
            f"{where} does not expand the placeholder '{found}'",
            "write the value, or lint the rendered file instead of the template",
            also=tuple((place, f"also '{another}'") for place, another, _ in others),
        )


def has_placeholder(text: str) -> bool:
    """Return whether a text contains a placeholder."""
    return ("{" in text or "$" in text or "<%" in text) and re.search(_TEMPLATE, text) is not None


def _placeholders(entries: Entries) -> Iterator[tuple[Span, str, str]]:
    """Yield each placeholder's place and text, and the tool that does not expand it.

    Variables are left out where they are expanded: in channels by conda, in pip entries by pip.
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
            text = re.sub(f"{_EXPANDED_BY_PIP}|{_EGG}", "", item.value) if where == "pip" else item.value
            found = re.search(_TEMPLATE, text)
            place = item.value.find(found.group()) if found else -1
            if found:
                span = item.at(place, place + len(found.group())) if place >= 0 else item.span
                yield span, found.group(), where


def _read_as(item: Item, *, any_number: bool) -> str:
    """Describe how YAML reads an unquoted value; empty where every parser reads it as the text itself."""
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
        return (
            f"a boolean in YAML and becomes '{old}'"
            if plain
            else f"{old} in YAML 1.1 and a string in YAML 1.2"
        )
    if not isinstance(old, (int, float, str)):
        return "a date in YAML"
    if new is None:
        return f"the number {old} in YAML 1.1 and a string in YAML 1.2"
    if isinstance(old, str):
        return f"a string in YAML 1.1 and the number {new} in YAML 1.2"
    if old != new:
        return f"{old} in YAML 1.1 and {new} in YAML 1.2"
    if str(new) != text:
        return f"the number {new} in YAML"
    return "a number in YAML, not a string" if any_number else ""


def _number(text: str) -> int | float | None:
    """Parse a number as YAML 1.2 does."""
    if text[:1] not in "+-.0123456789" or not re.fullmatch(_NUMBER_1_2, text):
        return None
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    try:
        return int(text)
    except ValueError:
        return float(text)
