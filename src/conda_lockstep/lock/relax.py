"""Entries as they might be: without their version, without anything, from another channel."""

from __future__ import annotations

from dataclasses import replace

from conda_lockstep.errors import Location
from conda_lockstep.lock.channels import Channel
from conda_lockstep.lock.wanted import Wanted


def without_version(entry: Wanted) -> Wanted | None:
    """Return an entry that leaves the version open, build and channel kept; None where none is given."""
    spec = entry.fetch_spec
    if spec.version is None:
        return None
    return replace(entry, spec=_spec(entry.name, build=str(spec.build or ""), channel=entry.channel))


def without_constraint(entry: Wanted) -> Wanted | None:
    """Return an entry that asks for the name alone, its channel kept; None where it does already."""
    bare = _spec(entry.name, channel=entry.channel)
    return None if entry.spec == bare else replace(entry, spec=bare)


def in_channel(entry: Wanted | None, name: str, channel: Channel, where: Location) -> Wanted:
    """Return an entry with ``channel::`` before it; a new one of that name where there is none."""
    if entry is None:
        return Wanted(f"{channel.name}::{name}", name, _spec(name, channel=channel), where, channel)
    spec = entry.spec
    qualified = (
        f'{spec[:-1]},channel="{channel.url}"]' if spec.endswith("]") else _spec(name, channel=channel)
    )
    return replace(entry, text=f"{channel.name}::{entry.text}", spec=qualified, channel=channel)


def _spec(name: str, *, build: str = "", channel: Channel | None = None) -> str:
    keys = {"build": build, "channel": channel.url if channel else ""}
    inside = ",".join(f'{key}="{value}"' for key, value in keys.items() if value)
    return f"{name}[{inside}]" if inside else name
