"""Rules about list entries: each must be a string, and a conda entry must be a valid match spec."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, rewrite
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, MappingEntry
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.document.scalars import has_placeholder
from conda_lockstep.text.source import Span

MAMBA_INSTALLERS = ("pip --no-deps", "uv", "uv --no-deps")
"""Installers that mamba supports besides ``pip:``."""

# Patterns are text: they are compiled when an entry first needs them, and kept by ``re``.
_IN_PIP = (
    (r"-[reicf]\s|--[a-z]", "is a pip option"),
    (r"(?:git|hg|svn|bzr)\+", "is a repository URL, which only pip installs"),
    (r"\S+\.whl(?:#\S*)?$", "is a wheel, which only pip installs"),
    (r"[\w.\-]+\s*(?:\[[^\]=]*\]\s*)?@\s*\S", "is a direct reference, which only pip supports"),
    (r"[\w.\-]+\s*\[[^\]='\"]*\]", "requests an extra, which only pip supports"),
    (r"[^;]+;\s*[\w.\"']+\s*(?:[<>=!~]|in\b|not\b)", "has an environment marker, which only pip supports"),
)
_MARKS_OF_PIP = frozenset("@[;+")
_CHANNEL_OPTION = r"(?P<spec>.*\S)\s+(?:-c|--channel)[\s=]+(?P<channel>\S+)"


@rule("mapping-spec", "error", requires=("mapping",))
def mapping_spec(entries: Entries, config: Config) -> Iterator[Problem]:
    """``- python: 3.10`` is a mapping: conda looks for an installer named ``python``."""
    shared = Counter(entry.mapping_at for entry in entries.file.dependencies if not isinstance(entry, Item))
    for entry in entries.file.dependencies:
        if not isinstance(entry, MappingEntry) or entry.key.kind != "string":
            continue
        name, value = entry.key.value, entry.value
        if name.startswith("sel("):
            continue
        if name in MAMBA_INSTALLERS:
            message = f"only mamba supports '{name}:': conda has no installer of that name"
            yield Problem(entry.key.span, message, "move the entries under 'pip:'")
            continue
        meant = _as_spec(name, value)
        alone = not entry.flow and not entry.key.quoted and shared[entry.mapping_at] == 1
        # The spaces between key and value are removed with the colon.
        edits = (Edit(entry.span, meant),) if meant and alone else ()
        yield Problem(
            entry.span,
            f"'{name}:' is a mapping: conda looks for an installer named '{name}'",
            f"write '{meant}'" if meant else "write one spec per entry, such as 'name=1.2'",
            Fix(f"write '{meant}'", edits, "unsafe") if edits else None,
        )


@rule("null-item", "error", requires=("non-text",))
def null_item(entries: Entries, config: Config) -> Iterator[Problem]:
    """A list entry is empty: conda fails with a TypeError."""
    for item, where in _items(entries.file):
        if item.kind == "null":
            yield Problem(
                item.span, f"empty entry {where}", "write a name after the '-', or delete the entry"
            )


@rule("non-string-item", "error", requires=("non-text",))
def non_string_item(entries: Entries, config: Config) -> Iterator[Problem]:
    """A list entry is a number, a date, a list or a mapping: conda fails with a TypeError."""
    for item, where in _items(entries.file):
        if item.kind == "number":
            message = (
                f"'{item.value}' {where} is not a string: YAML reads it as a number, a date or a boolean"
            )
            yield Problem(item.span, message, "write a name, or quote the entry")
        elif item.kind in ("mapping", "sequence"):
            what = "a mapping" if item.kind == "mapping" else "a list"
            message = f"the entry {where} is {what}, not a string"
            yield Problem(item.span, message, "write one name per entry; quote a value that contains ': '")


@rule("invalid-match-spec", "error", requires=("bad",))
def invalid_match_spec(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry is not a valid match spec (CEP 29): conda, mamba or rattler rejects the file."""
    for entry in entries.bad:
        if entry.manager == "conda" and entry.problem.text.strip() != "@EXPLICIT":
            if has_placeholder(entry.item.value):
                continue
            if re.match(r"pip\s+-\s", entry.item.value):
                yield _colon_missing(entries.file, entry.item)
                continue
            place = entry.item.at(*entry.problem.where)
            message = f"'{entry.problem.text}' is not a valid match spec: {entry.problem.message}"
            yield Problem(place, message, "write it as name, name=1.2, 'name>=1.2,<2' or name=1.2.*=build")


def _colon_missing(file: EnvironmentFile, item: Item) -> Problem:
    """Report ``pip`` with a list below it: without the colon, YAML reads them as one text."""
    end = item.span.start + len("pip")
    is_as_written = file.source.text[item.span.start : end] == "pip" and not item.quoted and not item.flow
    fix = Fix("write 'pip:'", (Edit(Span(end, end), ":"),), "unsafe") if is_as_written else None
    return Problem(
        item.span,
        f"'{item.value}' is one text: without a colon after 'pip', the lines below it are no list",
        "write 'pip:'",
        fix,
    )


@rule(
    "pip-syntax-in-conda-list",
    "error",
    supersedes=("invalid-match-spec", "unpinned-conda", "accidental-exact", "wrong-ecosystem-name"),
)
def pip_syntax_in_conda_list(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry uses pip or command-line syntax: conda rejects it, or installs something else."""
    for item in _unusual_entries(entries):
        text = item.value.strip()
        if not (text.startswith("-") or " -" in text or ".whl" in text or _MARKS_OF_PIP & set(text)):
            continue
        option = re.fullmatch(_CHANNEL_OPTION, text)
        if option:
            meant = f"{option['channel']}::{option['spec']}"
            change = rewrite(item, (0, len(item.value)), meant)
            fix = Fix(f"write '{meant}'", (change,), "unsafe") if change else None
            message = f"'{text}': '-c' is a command-line option, which an entry cannot contain"
            yield Problem(item.span, message, f"write '{meant}'", fix)
            continue
        for pattern, what in _IN_PIP:
            if re.match(pattern, text):
                fix = _move_to_pip(entries.file, item)
                yield Problem(item.span, f"'{text}' {what}", "move it under 'pip:'", fix)
                break


def _unusual_entries(entries: Entries) -> Iterator[Item]:
    """Yield the conda entries that contain more than a name and a version."""
    yield from (entry.item for entry in entries.having("odd"))
    yield from (entry.item for entry in entries.bad if entry.manager == "conda")


def _as_spec(name: str, value: Item) -> str:
    """Return the spec that ``name: value`` most likely meant; empty where that is unclear."""
    if value.kind == "null":
        return name
    text = re.sub(r"\s*([<>=!~,|]+)\s*", r"\1", value.value.strip())
    if value.kind not in ("string", "number") or not re.fullmatch(r"[\w.*+!<>=~,|\-]+", text):
        return ""
    return f"{name}{text}" if text[:1] in "<>=~!" else f"{name}={text}"


def _items(file: EnvironmentFile) -> Iterator[tuple[Item, str]]:
    """Yield the entries of all lists, each with a phrase that locates its list."""
    yield from ((item, "in 'channels:'") for item in file.channels.items)
    yield from ((entry, "in 'dependencies:'") for entry in file.dependencies if isinstance(entry, Item))
    yield from ((item, "under 'pip:'") for section in file.pip_sections for item in section.items)
    yield from ((item, "in 'platforms:'") for item in file.platforms)


def _move_to_pip(file: EnvironmentFile, item: Item) -> Fix | None:
    section = next((section for section in file.pip_sections if section.items), None)
    if section is None or item.flow:
        return None
    comment = file.comment_after(item)
    raw = file.source.text[item.span.start : comment.end if comment else item.span.end]
    last = section.items[-1]
    gone = edit.remove(file.source, item, with_comment=True)
    edits = (gone, edit.insert_after(file.source, last, raw))
    return Fix(f"move '{item.value}' under 'pip:'", edits, "unsafe")
