"""An upload, and what it made of a locked package."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, with its subdir and as it is named in its channel, and when it was uploaded."""

    name: str
    version: str
    file: str
    channel: str
    when: datetime.datetime


@dataclass(frozen=True, slots=True)
class UploadChange:
    """What became of a package. ``before`` is the locked one, ``after`` what is solved since; None for absent.

    ``uploads`` are those of the moment that moved it, the ones that are in the new solution where there are any; empty
    where it is still what is locked, or where it was another before anything was uploaded after the cut-off
    (``at_cutoff``). ``moments`` were searched in ``solves`` solves; ``undated`` records were there at all of them.
    """

    before: Package | None
    after: Package | None
    uploads: tuple[Upload, ...]
    moments: int
    solves: int
    undated: int
    at_cutoff: bool = False

    @property
    def moved(self) -> bool:
        """Return whether a solve no longer gives what is locked."""
        return bool(self.uploads) or self.at_cutoff
