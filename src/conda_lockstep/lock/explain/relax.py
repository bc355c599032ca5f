"""Changes entries: without their version, without any constraint, or from another channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conda_lockstep.errors import Location
from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.requested_spec import in_channel as qualified
from conda_lockstep.lock.solve.solve import Request


def without_version(entry: RequestedSpec) -> RequestedSpec | None:
    """Return an entry that leaves the version open, a pattern of builds and the channel kept; None if it is open.

    A whole build string pins more than a version, and is removed with it.
    """
    if entry.fetch_spec.version is None:
        return None
    return replace(entry, spec=_spec(entry.name, build=build_pattern(entry), channel=entry.channel))


def build_pattern(entry: RequestedSpec) -> str:
    """Return the variant that an entry requests, such as ``*cuda*``; empty if it leaves that open."""
    build = str(entry.fetch_spec.build or "")
    return build if "*" in build else ""


def without_constraint(entry: RequestedSpec) -> RequestedSpec | None:
    """Return an entry that requests the name alone, its channel kept; None if it does so already."""
    bare = _spec(entry.name, channel=entry.channel)
    return None if entry.spec == bare else replace(entry, spec=bare)


def pinned(name: str, version: str, own: Sequence[RequestedSpec], request: Request) -> RequestedSpec:
    """Return an entry that requests one version, of the builds and from the channel that the user's own requests."""
    return _bounded(name, f"=={version}", own, request)


def newer_than(name: str, version: str, own: Sequence[RequestedSpec], request: Request) -> RequestedSpec:
    """Return an entry that requests any newer version, of the same builds and from the same channel."""
    return _bounded(name, f">{version}", own, request)


def _bounded(name: str, version: str, own: Sequence[RequestedSpec], request: Request) -> RequestedSpec:
    builds = [pattern for pattern in map(build_pattern, own) if pattern]
    channel = next((entry.channel for entry in own if entry.channel), None)
    where = own[0].where if own else request.specs[0].where
    spec = _spec(name, version=version, build=builds[0] if builds else "", channel=channel)
    return RequestedSpec(f"{name}{version}", name, spec, where, channel)


def in_channel(
    entry: RequestedSpec | None, name: str, channel: LockChannel, where: Location
) -> RequestedSpec:
    """Return an entry with ``channel::`` before it; a new one of that name if there is none."""
    if entry is None:
        return RequestedSpec(f"{channel.name}::{name}", name, _spec(name, channel=channel), where, channel)
    spec = qualified(entry.spec, channel.url)
    return replace(entry, text=f"{channel.name}::{entry.text}", spec=spec, channel=channel)


def _spec(name: str, *, version: str = "", build: str = "", channel: LockChannel | None = None) -> str:
    keys = {"version": version, "build": build, "channel": channel.url if channel else ""}
    inside = ",".join(f'{key}="{value}"' for key, value in keys.items() if value)
    return f"{name}[{inside}]" if inside else name
