"""The text for a cause, and for the caveats on how it was found; needs no solver."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from conda_lockstep.drift.report import Attribution, Row

NO_CUTOFF = "the packages of the old lock have no upload dates, so no change is attributed to a new upload"
PIP_UNSOLVABLE = (
    "the pip part of the new file had no solution at the old lock's cut-off: it requires later uploads"
)
BASE_UNSOLVABLE = "the old file no longer has a solution, so no change is attributed to upstream alone"
HELD_BACK = "(its new lock updates what the old lock held back)"
_CAUSES: dict[Attribution, str] = {
    "": "",
    "pull_request": "this pull request",
    "either": "this pull request (upstream alone would have the same effect)",
    "both": "this pull request and upstream together",
    "upstream": "upstream",
    "unexplained": "unexplained (by neither the file nor upstream)",
}


def cause_of(attribution: Attribution, row: Row, *, held_back: bool = False, is_later: bool = True) -> str:
    """Return the cause of a row, with the upload date where a later upload has a part in it.

    ``held_back`` is whether the old file, too, gives the new package at the old lock's cut-off. ``is_later`` is whether
    the new package may have been uploaded after it.
    """
    cause = _CAUSES[attribution]
    if held_back and attribution == "pull_request":
        cause = f"{cause} {HELD_BACK}"
    return ", ".join(filter(None, (cause, *(_uploaded(attribution, row) if is_later else ()))))


def undated(number: int) -> str:
    """Return the caveat on records that have no upload date."""
    records = "1 record has" if number == 1 else f"{number} records have"
    return (
        f"{records} no upload date, so the old lock's cut-off does not exclude"
        f" {'it' if number == 1 else 'them'}: resulting changes count against the pull request"
    )


def unsolvable(day: str) -> str:
    """Return the caveat on a new file without a solution at the old lock's cut-off, such as ``2025-03-01``."""
    return f"the new file had no solution at the old lock's cut-off, {day}: it requires later uploads"


def late(seconds: int) -> str:
    """Return the caveat on an attribution that took too long."""
    return f"could not attribute the changes within {seconds} s: all of them count against the pull request"


def is_caveat(text: str) -> bool:
    """Whether a sentence is one of this module's; then it varies in nothing but a number or a date."""
    return _CAVEATS.fullmatch(text) is not None


def _uploaded(attribution: Attribution, row: Row) -> Iterator[str]:
    if attribution in ("upstream", "either", "both") and row.new and row.new.timestamp:
        day = datetime.datetime.fromtimestamp(row.new.timestamp, datetime.timezone.utc)
        yield f"uploaded {day:%Y-%m-%d}"


_DAY = "0000-00-00"
_CAVEATS = re.compile(
    "|".join(
        re.escape(sentence).replace(re.escape(_DAY), r"\d{4}-\d\d-\d\d").replace("77", r"\d{1,7}")
        for sentence in (
            NO_CUTOFF,
            PIP_UNSOLVABLE,
            BASE_UNSOLVABLE,
            undated(1),
            undated(77),
            unsolvable(_DAY),
            late(77),
        )
    ),
    re.ASCII,
)
