"""The text for a cause, and for the caveats on how it was found; needs no solver."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from conda_lockstep.drift.report import Attribution, Row

NO_CUTOFF = (
    "the old lock has no upload dates: what a minimal update changes today is attributed to the pull request"
)
PIP_UNSOLVABLE = (
    "the pip part has no solution at the old lock's cut-off: its changes are attributed to the pull request"
)
_CAUSES: dict[Attribution, str] = {
    "": "",
    "pull_request": "this pull request",
    "both": "this pull request and upstream",
    "upstream": "upstream",
    "unexplained": "unexplained (by neither the file nor upstream)",
}


def cause_of(attribution: Attribution, row: Row) -> str:
    """Return the cause of a row, with the upload date where upstream has a part in it."""
    return ", ".join(filter(None, (_CAUSES[attribution], *_uploaded(attribution, row))))


def undated(number: int) -> str:
    """Return the caveat on records that have no upload date."""
    records = "1 record has" if number == 1 else f"{number} records have"
    return (
        f"{records} no upload date, so the old lock's cut-off does not exclude"
        f" {'it' if number == 1 else 'them'}: resulting changes are attributed to the pull request"
    )


def unsolvable(day: str) -> str:
    """Return the caveat on a changed file without a solution at the old lock's cut-off, such as ``2025-03-01``."""
    return (
        f"the changed file has no solution at the old lock's cut-off, {day}:"
        " what a minimal update changes today is attributed to the pull request"
    )


def late(seconds: int) -> str:
    """Return the caveat on an attribution that took too long."""
    return f"could not attribute the changes within {seconds} s: all of them count against the pull request"


def is_caveat(text: str) -> bool:
    """Whether a sentence is one of this module's; then it varies in nothing but a number or a date."""
    return _CAVEATS.fullmatch(text) is not None


def _uploaded(attribution: Attribution, row: Row) -> Iterator[str]:
    if attribution in ("upstream", "both") and row.new and row.new.manager == "conda":
        day = datetime.datetime.fromtimestamp(row.new.timestamp, datetime.timezone.utc)
        yield f"uploaded {day:%Y-%m-%d}" if row.new.timestamp else "undated"


_DAY = "0000-00-00"
_CAVEATS = re.compile(
    "|".join(
        re.escape(sentence).replace(re.escape(_DAY), r"\d{4}-\d\d-\d\d").replace("77", r"\d{1,7}")
        for sentence in (NO_CUTOFF, PIP_UNSOLVABLE, undated(1), undated(77), unsolvable(_DAY), late(77))
    ),
    re.ASCII,
)
