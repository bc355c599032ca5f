"""An upload to a channel, and the change of a locked package that it caused."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a channel, named with its subdir, and its upload time."""

    name: str
    version: str
    file: str
    channel: str
    when: datetime.datetime


@dataclass(frozen=True, slots=True)
class UploadChange:
    """The change of a package from ``before``, the locked one, to ``after``, the one solved for; None for absent.

    ``uploads`` are those of the moment that changed it, limited to files in the new solution if any are. They are
    empty if the package did not change, or if it differed already at the cut-off (``at_cutoff``). ``moments`` were
    searched in ``solves`` solves; ``undated`` records count as present at all of them. ``past_files`` are locked files
    that their channels removed, replaced or hot-fixed since, where that changed the package and no upload did.
    """

    before: Package | None
    after: Package | None
    uploads: tuple[Upload, ...]
    moments: int
    solves: int
    undated: int
    at_cutoff: bool = False
    past_files: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Return whether a solve no longer selects the locked package."""
        return bool(self.uploads) or bool(self.past_files) or self.at_cutoff
