"""Rules about Anaconda's own channels, discontinued channels, and channels that share CUDA packages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from conda_lockstep.conda.bounds import bounds, release_of
from conda_lockstep.conda.channel import FORGE, NODEFAULTS, read_channel
from conda_lockstep.conda.cuda_packages import cuda_packages
from conda_lockstep.config import Config
from conda_lockstep.data import table
from conda_lockstep.environment import edit
from conda_lockstep.environment.cuda import statements
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.lint.rules.channels.listed import listed_channels


@rule("defaults-channel", "note")
def defaults_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """Anaconda's own channels require a license in larger organizations, and do not mix well with conda-forge."""
    listed = listed_channels(entries)
    own = [one for one in listed if one.channel.is_anacondas]
    if not own:
        return
    first = own[0].item
    mixed = any(one.channel.base == FORGE for one in listed)
    what = (
        "mixes builds with a different compiler and ABI into those of conda-forge; it also"
        if mixed
        else "is an Anaconda channel: it"
    )
    fix = None
    named = any(read_channel(entry.spec.channel).is_anacondas for entry in entries.having("channel"))
    if mixed and not named:
        edits = [Edit(first.span, NODEFAULTS)] + [
            edit.remove(entries.file.source, one.item) for one in own[1:]
        ]
        if any(one.item.value == NODEFAULTS for one in listed):
            edits[0] = edit.remove(entries.file.source, first)
        fix = Fix(f"replace '{first.value}' with '{NODEFAULTS}'", tuple(edits), "unsafe")
    yield Problem(
        first.span,
        f"'{first.value}' {what} requires a license in organizations of more than 200 people",
        f"use {FORGE} for all packages, and end the list with '{NODEFAULTS}'",
        fix,
        also=tuple((one.item.span, f"also '{one.item.value}'") for one in own[1:]),
    )


@rule("dead-channel", "warning", supersedes=("no-nodefaults", "defaults-channel"))
def dead_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel gets no more updates: the requested packages are missing or outdated."""
    for item, channel in listed_channels(entries):
        for since, what, instead in _dead_channels().get(channel.name, ()):
            if not since or _requests_torch(entries, since):
                yield Problem(item.span, f"'{item.value}' {what}", instead)
                break


@rule("mixed-cuda-channels", "note")
def mixed_cuda_channels(entries: Entries, config: Config) -> Iterator[Problem]:
    """The nvidia and conda-forge channels both have CUDA 12 and newer: their packages are incompatible."""
    listed = listed_channels(entries)
    nvidia = [one for one in listed if one.channel.base == "nvidia"]
    forge = [one for one in listed if one.channel.base == FORGE]
    if not nvidia or not forge or entries.named("pytorch-cuda"):
        return
    if any(
        statement.range.high and statement.range.high <= (12,)
        for statement in statements(entries)
        if statement.kind != "wheel"
    ):
        return
    for entry in entries.named(*cuda_packages()):
        package = cuda_packages().get(entry.spec.name)
        # Packages that ended with CUDA 11 do not differ between the two channels.
        if package is None or package.last or entry.spec.channel:
            continue
        above = nvidia[0].item.span < forge[0].item.span
        yield Problem(
            nvidia[0].item.span,
            f"'{entry.spec.name}' is in both nvidia and conda-forge, whose CUDA 12 packages are incompatible",
            "remove nvidia, as conda-forge has all of CUDA since 12.0, or prefix its packages with 'nvidia::'",
            severity="warning" if above else None,
            also=((entry.item.span, "may come from either channel"),),
        )
        return


@cache
def _dead_channels() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for name, since, what, instead in table("channels"):
        found.setdefault(name, []).append((since, what, instead))
    return found


def _requests_torch(entries: Entries, since: str) -> bool:
    """Return whether the file requests pytorch in this release or a newer one."""
    release = release_of(since)
    for entry in entries.named("pytorch"):
        limits = bounds(entry.spec)
        if limits and limits.low and limits.low >= release:
            return True
    return False
