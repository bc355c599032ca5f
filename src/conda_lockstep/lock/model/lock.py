"""A lock: every package of every platform, as the solver answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conda_lockstep.packages import PackageSet


@dataclass(frozen=True, slots=True)
class Lock:
    """What was read from, or is about to be written to, a lock file of any format.

    ``platforms`` maps a conda subdir such as ``linux-64`` to its packages, noarch ones included.
    ``channels`` are in order of priority, as names or URLs without credentials. ``sources`` are the
    environment files it was solved from, relative to the lock's folder, with ``/``.
    ``metadata`` is CEP 37's ``custom_metadata``. ``source_format`` is one of ``conda-lock``,
    ``explicit``, ``pixi``; ``complete`` is false where the format cannot hold pip packages.
    ``notices`` are what a user should know of the solve or the file that it came from; no file records them.
    """

    platforms: Mapping[str, PackageSet]
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    source_format: str = "conda-lock"
    complete: bool = True
    notices: tuple[str, ...] = field(default=(), compare=False)
