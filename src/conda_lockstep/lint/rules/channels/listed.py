"""The channels of a file, as its list and its entries name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conda_lockstep.conda.channel import Channel, read_channel
from conda_lockstep.environment.entries import Entries, once_per_file
from conda_lockstep.environment.environment_file import Item


class Listed(NamedTuple):
    """A channel of the file's list, and what it is."""

    item: Item
    channel: Channel


@once_per_file
def listed_channels(entries: Entries) -> list[Listed]:
    """Return the channels of the list that are text, in its order."""
    items = entries.file.channels.items
    return [Listed(item, read_channel(item.value)) for item in items if item.kind == "string"]


def all_channels(entries: Entries) -> Iterator[Listed]:
    """Yield the channels of the list, and those that entries carry in themselves."""
    yield from listed_channels(entries)
    for entry in entries.having("odd"):
        text = entry.spec.url or entry.spec.channel
        if "://" in text or text.startswith("/"):
            yield Listed(entry.item, read_channel(text))
