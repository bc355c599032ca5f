"""The mark of a prefix that a build or a sync is at work in, or was when it was killed: nothing trusts it."""

from __future__ import annotations

import os
from pathlib import Path

from conda_lockstep.errors import LockstepError

MARK = "conda-meta/.lockstep-unfinished"


def is_unfinished(prefix: Path) -> bool:
    """Say whether a build into a prefix was begun and not ended."""
    return os.path.lexists(f"{prefix}/{MARK}")  # on every node before every job


def refuse_unfinished(prefix: Path) -> None:
    """Raise ``LockstepError`` for a prefix in which a build or a sync did not end."""
    if is_unfinished(prefix):
        what = "is unfinished: a build or a sync began there and did not end"
        raise LockstepError(
            what, where=str(prefix), remedy=f"wait for it, or run: lockstep sync --prefix {prefix}"
        )
