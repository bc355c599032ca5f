"""The channels of a file, as its list and its entries name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conda_lockstep.environment.channel import Channel, read_channel
from conda_lockstep.environment.document import EnvironmentFile, Item
from conda_lockstep.environment.entries import Entries


class Listed(NamedTuple):
    """A channel of the file's list, and what it is."""

    item: Item
    channel: Channel


def listed_channels(file: EnvironmentFile) -> list[Listed]:
    """Return the channels of the list that are text, in its order."""
    return [Listed(item, read_channel(item.value)) for item in file.channels.items if item.kind == "string"]


def all_channels(entries: Entries) -> Iterator[Listed]:
    """Yield the channels of the list, and those that entries carry in themselves."""
    yield from listed_channels(entries.file)
    for entry in entries.conda:
        text = entry.spec.url or entry.spec.channel
        if "://" in text or text.startswith("/"):
            yield Listed(entry.item, read_channel(text))
