"""Dates on an axis: which to write between two moments, and where."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

LATEST = 4_102_444_800
"""2100-01-01; a later date is an error or an attack."""

_STEPS = (1, 2, 3, 6, 12, 24, 60)
"""The possible numbers of months between two ticks."""
_TICKS = 8


def date(seconds: int) -> str:
    """Return the day of a moment in UTC, as ISO 8601 writes it; what no calendar has is written as a number."""
    try:
        return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def ticks(start: int, end: int) -> list[datetime.datetime]:
    """Return first days of months, far enough apart for readable labels, else two days within the range."""
    found: list[datetime.datetime] = []
    for step in _STEPS:
        found = [day for day in _months(start, end) if (day.year * 12 + day.month - 1) % step == 0]
        if len(found) <= _TICKS:
            break
    if len(found) < 2:
        inner = (start + (end - start) * part // 8 for part in (1, 7))
        found = [datetime.datetime.fromtimestamp(moment, datetime.timezone.utc) for moment in inner]
    return found


def _months(start: int, end: int) -> Iterator[datetime.datetime]:
    day = datetime.datetime.fromtimestamp(start, datetime.timezone.utc)
    while True:
        later = day.replace(day=1) + datetime.timedelta(days=32)
        day = datetime.datetime(later.year, later.month, 1, tzinfo=datetime.timezone.utc)
        if day.timestamp() > end:
            return
        yield day
