"""Rules about the list of channels: it must exist, and contain each used channel once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from conda_lockstep.conda.channel import DEFAULTS, FORGE, NODEFAULTS, Channel, read_channel
from conda_lockstep.config import Config
from conda_lockstep.data import table
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import EnvironmentFile, Item
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.channels.listed import Listed, listed_channels
from conda_lockstep.text.source import Span


@rule("no-channels", "warning")
def no_channels(entries: Entries, config: Config) -> Iterator[Problem]:
    """No channels are listed: each machine uses the channels in its own ``.condarc``."""
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
    message = "'channels:' is empty" if key else "no channels are listed"
    wanted = ["pytorch", "nvidia", FORGE] if entries.named("pytorch-cuda") else [FORGE]
    yield Problem(
        place.key.span,
        f"{message}: each machine uses the channels in its own .condarc",
        f"list the channels, highest priority first: {', '.join(wanted)}",
        Fix(f"add 'channels:' with {', '.join(wanted)}", _add_channels(file, wanted), "unsafe"),
    )


@rule("no-nodefaults", "note")
def no_nodefaults(entries: Entries, config: Config) -> Iterator[Problem]:
    """``nodefaults`` is missing: conda appends the channels in each machine's ``.condarc`` to the list."""
    listed = listed_channels(entries)
    if not listed or any(one.channel.is_anacondas or one.item.value == NODEFAULTS for one in listed):
        return
    last = listed[-1].item
    if all(one.channel.base in without_python() for one in listed):
        yield Problem(
            last.span,
            "no channel in the list has python: it comes from the channels in each machine's .condarc",
            f"add '{FORGE}', and end the list with '{NODEFAULTS}'",
            _end_with(entries, last, FORGE, NODEFAULTS),
            "warning",
        )
        return
    yield Problem(
        last.span,
        f"after '{last.value}', conda also searches the channels in each machine's .condarc",
        f"end the list with '{NODEFAULTS}', which conda, mamba and conda-lock support",
        _end_with(entries, last, NODEFAULTS),
    )


@rule("duplicate-channel", "warning")
def duplicate_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is listed twice: only the first position counts."""
    first: dict[tuple[str, str], list[Listed]] = {}
    for each in listed_channels(entries):
        item, channel = each
        earlier = first.setdefault((channel.name, channel.login), [])
        known = next((one for one in earlier if _contains(one.channel, channel)), None)
        if known is None:
            earlier.append(each)
            continue
        spelt = "" if known.item.value == item.value else f" (first as '{known.item.value}')"
        yield Problem(
            item.span,
            f"'{item.value}' is listed twice{spelt}; only the first position counts",
            "delete this entry",
            Fix(f"delete the second '{item.value}'", (edit.remove(entries.file.source, item),), "safe"),
            also=((known.item.span, "first listed here"),),
        )


@rule("invalid-channel", "error", supersedes=("no-nodefaults", "invalid-match-spec"))
def invalid_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is invalid: PyPI, several channels in one entry, or ``name:package`` with a single colon."""
    source = entries.file.source
    for item, channel in listed_channels(entries):
        if channel.base in ("pypi", "pip"):
            fix = Fix(f"delete the channel '{item.value}'", (edit.remove(source, item),), "unsafe")
            message = f"'{item.value}' is not a conda channel: PyPI packages belong under 'pip:'"
            yield Problem(item.span, message, "delete it", fix)
        elif "://" not in item.value and any(mark in item.value for mark in (" ", ",", "::")):
            yield Problem(
                item.span,
                f"'{item.value}' is not a channel: an entry must be one name, one URL or one path",
                "write one channel per entry, without '-c'",
            )
    for entry in entries.having("namespace"):
        spec = entry.spec
        end = entry.at(spec.namespace_at).end
        fix = Fix(f"write '{spec.namespace}::{spec.name}'", (Edit(Span(end, end), ":"),), "unsafe")
        yield Problem(
            entry.at(spec.namespace_at),
            f"'{spec.namespace}:' with a single colon is ignored: '{spec.name}' may come from any channel",
            f"write '{spec.namespace}::{spec.name}', with two colons",
            fix if entry.item.verbatim else None,
        )


@rule("undeclared-channel", "warning", requires=("channel",))
def undeclared_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """An entry uses a channel that is not in the list: conda appends it for all packages, other tools fail."""
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
            f"'{text}' is not in 'channels:': conda appends it for all packages, other solvers do not search it",
            f"add '{text}' to 'channels:', after those with higher priority",
            Fix(f"add '{text}' to the channels", (change,), "unsafe") if change else None,
            also=tuple((span, "also used here") for span in others),
        )


def _end_with(entries: Entries, last: Item, *names: str) -> Fix:
    source = entries.file.source
    gap = edit.gap_after(source, last)
    text = f"{gap.after}{gap.before}".join(names)
    listed = " and ".join(f"'{name}'" for name in names)
    return Fix(f"end the channels with {listed}", (gap.filled(text),), "unsafe")


def _contains(one: Channel, other: Channel) -> bool:
    """Return whether a channel has all packages of another of the same name.

    ``conda-forge/linux-64`` is a part of ``conda-forge``, and ``pkgs/main`` one of ``defaults``.
    """
    if one.name == DEFAULTS and one.text.strip("/") != DEFAULTS and other.text.strip("/") == DEFAULTS:
        return False
    return one.subdir in ("", other.subdir)


@cache
def without_python() -> frozenset[str]:
    """Return the channels of ``data/vendor-channels.txt``, which do not have python."""
    return frozenset(name for (name,) in table("vendor-channels"))


def _add_channels(file: EnvironmentFile, names: list[str]) -> tuple[Edit, ...]:
    """Return the edit that adds channels to a file, in the style of its other lists."""
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
