"""Rules about channels that other machines cannot trust or cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.channels.listed import all_channels


@rule("insecure-channel", "error")
def insecure_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is fetched over ``http://``: anyone on the network path can replace its packages."""
    for item, channel in all_channels(entries):
        if channel.scheme == "http" and not channel.is_local:
            at = item.value.lower().find("http://")
            place = item.at(at, at + 4)
            fix = Fix("use https://", (Edit(place, "https"),), "unsafe") if item.verbatim else None
            yield Problem(item.span, f"'{item.value}' is fetched without encryption", "use https://", fix)


@rule("local-channel", "warning")
def local_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is a directory or server on one machine: the file does not work elsewhere."""
    for item, channel in all_channels(entries):
        if channel.is_local:
            yield Problem(
                item.span,
                f"'{item.value}' exists on one machine only",
                "publish the packages on a server that all machines can reach",
            )
