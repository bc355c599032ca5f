"""The channels of a file: those in its list, and those in its entries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from conda_lockstep.conda.channel import Channel, read_channel
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import Item


class Listed(NamedTuple):
    """An item of the list of channels, and the channel that it names."""

    item: Item
    channel: Channel


@lru_cache(maxsize=1)
def listed_channels(entries: Entries) -> list[Listed]:
    """Return the channels of the list that are strings, in order."""
    items = entries.file.channels.items
    return [Listed(item, read_channel(item.value)) for item in items if item.kind == "string"]


def all_channels(entries: Entries) -> Iterator[Listed]:
    """Yield the channels of the list, and those that entries contain as URLs or paths."""
    yield from listed_channels(entries)
    for entry in entries.having("odd"):
        text = entry.spec.url or entry.spec.channel
        if "://" in text or text.startswith("/"):
            yield Listed(entry.item, read_channel(text))
