"""Which minor version of Python a spec allows at most, and until when that version gets security fixes."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from conda_lockstep.conda.bounds import Bounds, Release
from conda_lockstep.data import table


class PythonRelease(NamedTuple):
    """A minor version, such as ``(3, 8)``, and its last day as ``YYYY-MM-DD``."""

    minor: Release
    last_day: str

    @property
    def name(self) -> str:
        """Return the version as it is written, such as ``3.8``."""
        return ".".join(map(str, self.minor))


@lru_cache(maxsize=1024)
def newest_release(allowed: Bounds) -> PythonRelease | None:
    """Return the newest minor version within bounds; None if they allow one that the table does not have yet."""
    known = python_releases()
    major, minor = known[-1].minor
    if allowed.is_empty or allowed.high is None or _is_below((major, minor + 1), allowed):
        return None
    low = allowed.low or ()
    within = [each for each in known if each.minor >= low[:2] and _is_below(each.minor, allowed)]
    return within[-1] if within else None


@lru_cache(maxsize=8)
def oldest_supported(today: str) -> PythonRelease | None:
    """Return the oldest minor version that still gets fixes on a day (``YYYY-MM-DD``), as far as the table goes."""
    return next((each for each in python_releases() if each.last_day >= today), None)


@cache
def python_releases() -> tuple[PythonRelease, ...]:
    """Return the rows of ``data/python-releases.txt``, from old to new."""
    rows = ((tuple(map(int, minor.split("."))), last_day) for minor, last_day in table("python-releases"))
    return tuple(PythonRelease(*row) for row in sorted(rows))


def _is_below(minor: Release, allowed: Bounds) -> bool:
    """Return whether the upper bound allows a release of a minor version."""
    high = allowed.high or ()
    # Python 3.8.0 is the first release of 3.8: '<3.8' excludes all of them, '<=3.8' and '<3.8.5' do not.
    return minor < high or (minor == high and allowed.closed_high)
