"""Reads dates, and the horizon that they set for a solve."""

from __future__ import annotations

import datetime
import re

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.solve.solve import Horizon


def utc_now() -> datetime.datetime:
    """Read the clock. Only a command or the Action does so; other code is given the moment."""
    return datetime.datetime.now(datetime.timezone.utc)


def horizon_of(exclude_newer: str, min_age: int, now: datetime.datetime) -> Horizon:
    """Return a horizon: packages from before ``exclude_newer``, new ones from ``min_age`` days before ``now``.

    Raises ``LockstepError`` for a text that is not a date.
    """
    return Horizon(
        all=moment(exclude_newer) if exclude_newer else None,
        new=now - datetime.timedelta(days=min_age) if min_age else None,
    )


def moment(text: str) -> datetime.datetime:
    """Read ``2025-10-01``, the beginning of that day in UTC, or ``2025-10-01T12:00:00Z``."""
    # Python 3.10 reads neither the Z nor a date alone.
    whole = f"{text}T00:00:00Z" if re.fullmatch(r"[\d-]{10}", text) else text
    try:
        read = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", whole))
    except ValueError:
        raise LockstepError(f"'{text}' is not a date", remedy="write it as in 2025-10-01") from None
    return read if read.tzinfo else read.replace(tzinfo=datetime.timezone.utc)
