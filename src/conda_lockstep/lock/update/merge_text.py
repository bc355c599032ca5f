"""A lock with conflict markers: whole packages of either side between them, and everything else outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.merge import Merged, with_packages
from conda_lockstep.packages import Key, Package, PackageSet

MARKER_SIZE = 7
"""As long as git's own are, unless an attribute says otherwise."""


def conflict(merged: Merged, ours: Lock, theirs: Lock, *, size: int = MARKER_SIZE) -> str:
    """Return the text of a merged lock with conflict markers around the packages that clash.

    There is always a conflict: where no packages clash but the merge does not fit, every difference is marked.
    """
    mine, other = (_side(merged, lock) for lock in (ours, theirs))
    if mine == other:
        mine, other = cep37.render(ours), cep37.render(theirs)
    return "".join(_marked(_blocks(mine), _blocks(other), size))


def _side(merged: Merged, side: Lock) -> str:
    """Return the merged lock as one side would have it."""
    lock = merged.lock
    for platform, packages in lock.platforms.items():
        keys = {clash.key for clash in merged.clashes if clash.platform == platform}
        own: Mapping[Key, Package] = side.platforms.get(platform, PackageSet())
        kept = [package for key, package in packages.items() if key not in keys]
        lock = with_packages(lock, platform, [*kept, *(own[key] for key in keys if key in own)])
    head = {key: side.metadata.get(key, "") for key in merged.head if "." in key}
    metadata = {key: value for key, value in {**lock.metadata, **head}.items() if value}
    channels = side.channels if "channels" in merged.head else lock.channels
    sources = side.sources if "sources" in merged.head else lock.sources
    return cep37.render(Lock(lock.platforms, channels, sources, metadata))


def _blocks(text: str) -> list[str]:
    """Split a lock into the lines of its head and its packages."""
    head, package, body = text.partition("package:\n")
    entries = re.split(r"(?m)^(?=- name: )", body)
    return [*head.splitlines(keepends=True), package, *(entry for entry in entries if entry)]


def _marked(ours: list[str], theirs: list[str], size: int) -> Iterator[str]:
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ours[a:b]
            continue
        yield f"{'<' * size} ours\n"
        yield from ours[a:b]
        yield f"{'=' * size}\n"
        yield from theirs[c:d]
        yield f"{'>' * size} theirs\n"
