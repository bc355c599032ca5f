"""Whose packages does a channel hold, and will there be new ones?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from conda_lockstep.conda.bounds import bounds
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
    """Anaconda's own channels are used: they need a licence in larger organisations, and mix badly with conda-forge."""
    listed = listed_channels(entries)
    own = [one for one in listed if one.channel.is_anacondas]
    if not own:
        return
    first = own[0].item
    mixed = any(one.channel.base == FORGE for one in listed)
    what = (
        "mixes builds of another compiler and ABI with conda-forge's; it also"
        if mixed
        else "is Anaconda's: it"
    )
    fix = None
    named = any(read_channel(entry.spec.channel).is_anacondas for entry in entries.having("channel"))
    if mixed and not named:
        edits = [Edit(first.span, NODEFAULTS)] + [
            edit.remove(entries.file.source, one.item) for one in own[1:]
        ]
        if any(one.item.value == NODEFAULTS for one in listed):
            edits[0] = edit.remove(entries.file.source, first)
        fix = Fix(f"take '{NODEFAULTS}' for '{first.value}'", tuple(edits), "unsafe")
    yield Problem(
        first.span,
        f"'{first.value}' {what} needs a licence in organisations of more than 200 people",
        f"take everything from {FORGE}, and end the list with '{NODEFAULTS}'",
        fix,
        also=tuple((one.item.span, f"'{one.item.value}', too") for one in own[1:]),
    )


@rule("dead-channel", "warning", supersedes=("no-nodefaults", "defaults-channel"))
def dead_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel stands still: what is asked of it is not there, or old for ever."""
    for item, channel in listed_channels(entries):
        for since, what, instead in _dead_channels().get(channel.name, ()):
            if not since or _asks_torch(entries, since):
                yield Problem(item.span, f"'{item.value}' {what}", instead)
                break


@rule("mixed-cuda-channels", "note")
def mixed_cuda_channels(entries: Entries, config: Config) -> Iterator[Problem]:
    """CUDA 12 or newer can come from nvidia and from conda-forge: their packages share names, not builds."""
    listed = listed_channels(entries)
    nvidia = [one for one in listed if one.channel.base == "nvidia"]
    forge = [one for one in listed if one.channel.base == FORGE]
    if not nvidia or not forge or entries.named("pytorch-cuda"):
        return
    if any(
        said.range.high and said.range.high <= (12,) for said in statements(entries) if said.kind != "wheel"
    ):
        return
    for entry in entries.named(*cuda_packages()):
        package = cuda_packages().get(entry.spec.name)
        # What ended with CUDA 11 is conda-forge's and nvidia's alike.
        if package is None or package.last or entry.spec.channel:
            continue
        above = nvidia[0].item.span < forge[0].item.span
        yield Problem(
            nvidia[0].item.span,
            f"'{entry.spec.name}' is in nvidia and in conda-forge, whose packages of CUDA 12 do not fit together",
            "drop nvidia: conda-forge has all of CUDA from 12.0 on; or write 'nvidia::' before what must be its",
            severity="warning" if above else None,
            also=((entry.item.span, "could come from either"),),
        )
        return


@cache
def _dead_channels() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for name, since, what, instead in table("channels"):
        found.setdefault(name, []).append((since, what, instead))
    return found


def _asks_torch(entries: Entries, since: str) -> bool:
    """Say whether pytorch is asked for in a release that is not older than this one."""
    release = tuple(int(part) for part in since.split("."))
    for entry in entries.named("pytorch"):
        limits = bounds(entry.spec)
        if limits and limits.low and limits.low >= release:
            return True
    return False
