"""Are channels named, once, and all that the file uses?"""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.channel import FORGE, NODEFAULTS, read_channel
from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import EnvironmentFile, Item
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.channels.listed import listed_channels
from conda_lockstep.text.source import Span


@rule("no-channels", "warning")
def no_channels(entries: Entries, config: Config) -> Iterator[Problem]:
    """No channels are named: what is installed depends on each machine's ``.condarc``."""
    file = entries.file
    if (
        not file.dependencies
        or file.channels.items
        or file.channels.kind not in ("missing", "null", "sequence")
    ):
        return
    key, dependencies = file.key("channels"), file.key("dependencies")
    place = key or dependencies
    if place is None:
        return
    message = "the channels are empty" if key else "no channels are named"
    wanted = ["pytorch", "nvidia", FORGE] if entries.named("pytorch-cuda") else [FORGE]
    yield Problem(
        place.key.span,
        f"{message}: each machine takes its own, from its .condarc",
        f"name them, the preferred one first: {', '.join(wanted)}",
        Fix(f"name the channels {', '.join(wanted)}", _add_channels(file, wanted), "unsafe"),
    )


@rule("no-nodefaults", "note")
def no_nodefaults(entries: Entries, config: Config) -> Iterator[Problem]:
    """``nodefaults`` is missing: conda appends each machine's own channels to the list."""
    listed = listed_channels(entries)
    if not listed or any(one.channel.is_anacondas or one.item.value == NODEFAULTS for one in listed):
        return
    last = listed[-1].item
    yield Problem(
        last.span,
        f"behind '{last.value}' conda searches the channels of each machine's .condarc, too",
        f"end the list with '{NODEFAULTS}' (conda, mamba and conda-lock know it)",
        Fix(
            f"end the channels with '{NODEFAULTS}'",
            (edit.insert_after(entries.file.source, last, NODEFAULTS),),
            "unsafe",
        ),
    )


@rule("duplicate-channel", "warning")
def duplicate_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is named twice: only the first place counts."""
    first: dict[tuple[str, str], Item] = {}
    for item, channel in listed_channels(entries):
        key = (channel.name, channel.login)
        if key not in first:
            first[key] = item
            continue
        known = first[key]
        spelt = "" if known.value == item.value else f" (as '{known.value}')"
        yield Problem(
            item.span,
            f"'{item.value}' is named twice{spelt}; only the first place counts",
            "delete this one",
            Fix(f"delete the second '{item.value}'", (edit.remove(entries.file.source, item),), "safe"),
            also=((known.span, "first named here"),),
        )


@rule("invalid-channel", "error", supersedes=("no-nodefaults", "invalid-match-spec"))
def invalid_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """What is named as a channel is none: PyPI, several in one entry, or ``name:package`` with one colon."""
    source = entries.file.source
    for item, channel in listed_channels(entries):
        if channel.base in ("pypi", "pip"):
            fix = Fix(f"delete the channel '{item.value}'", (edit.remove(source, item),), "unsafe")
            message = f"'{item.value}' is no conda channel: PyPI's projects stand under 'pip:'"
            yield Problem(item.span, message, "delete it", fix)
        elif "://" not in item.value and any(mark in item.value for mark in (" ", ",", "::")):
            yield Problem(
                item.span,
                f"'{item.value}' is no channel: one name, URL or path is one entry",
                "write each channel behind its own '- ', without '-c'",
            )
    for entry in entries.having("namespace"):
        spec = entry.spec
        end = entry.at(spec.namespace_at).end
        fix = Fix(f"write '{spec.namespace}::{spec.name}'", (Edit(Span(end, end), ":"),), "unsafe")
        yield Problem(
            entry.at(spec.namespace_at),
            f"'{spec.namespace}:' with one colon is ignored: '{spec.name}' comes from any channel",
            f"write '{spec.namespace}::{spec.name}', with two colons",
            fix if entry.item.verbatim else None,
        )


@rule("undeclared-channel", "warning", requires=("channel",))
def undeclared_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """An entry names a channel that the list does not: conda appends it for all packages, other tools stop."""
    listed = listed_channels(entries)
    known = {name for one in listed for name in (one.channel.name, one.channel.base, one.item.value)}
    seen: dict[str, list[Span]] = {}
    for entry in entries.having("channel"):
        text = entry.spec.channel
        if "*" in text or entry.spec.url or {text, read_channel(text).name} & known:
            continue
        seen.setdefault(text, []).append(entry.at(entry.spec.channel_at))
    if not listed:
        return
    for text, (first, *others) in seen.items():
        real = [one.item for one in listed if one.item.value != NODEFAULTS]
        change = edit.insert_after(entries.file.source, real[-1], text) if real else None
        yield Problem(
            first,
            f"'{text}' is not among the channels: conda appends it for every package, other solvers find nothing there",
            f"name '{text}' under 'channels:', below those that come first",
            Fix(f"add '{text}' to the channels", (change,), "unsafe") if change else None,
            also=tuple((span, "here, too") for span in others),
        )


def _add_channels(file: EnvironmentFile, names: list[str]) -> tuple[Edit, ...]:
    """Return the edit that gives a file channels, in the style of its other lists."""
    source, key, dependencies = file.source, file.key("channels"), file.key("dependencies")
    if key and file.channels.kind == "sequence":
        return (Edit(file.channels.span, f"[{', '.join(names)}]"),)
    if not dependencies or not file.dependencies:
        return ()
    first = file.dependencies[0]
    dash = "  - " if first.flow else edit.dash_of(source, source.position(first.span.start)[0])
    lines = "".join(f"{dash}{name}{source.newline}" for name in names)
    if key:
        line = source.line_span(source.position(key.key.span.start)[0])
        return (Edit(Span(line.end, line.end), lines),)
    line = source.line_span(source.position(dependencies.key.span.start)[0])
    return (Edit(Span(line.start, line.start), f"channels:{source.newline}{lines}"),)
