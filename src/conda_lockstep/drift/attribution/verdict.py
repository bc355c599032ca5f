"""The words for whose doing a change is, and for what makes that uncertain: to say it takes no solver."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from conda_lockstep.drift.report import Attribution, Row

AGELESS = "the old lock does not say how old it is: a smallest change of today counts as the pull request's"
PIP_UNSOLVABLE = (
    "the pip part has no solution at the old lock's cut-off: its changes count as the pull request's"
)
_WORDS: dict[Attribution, str] = {
    "": "",
    "change": "this pull request",
    "both": "this pull request, then upstream",
    "upstream": "upstream",
    "unexplained": "neither the file nor upstream: edited by hand, or another kind of refresh",
}


def words(blame: Attribution, row: Row) -> str:
    """Return whose doing a row is, with the day of the upload where that is upstream's."""
    return ", ".join(filter(None, (_WORDS[blame], *_when(blame, row))))


def undated(number: int) -> str:
    """Say that some records have no date."""
    records = "1 record has no date and slips" if number == 1 else f"{number} records have no date and slip"
    return f"{records} past the old lock's cut-off: what is new among them counts as the pull request's"


def unsolvable(day: str) -> str:
    """Say that the changed file had no solution on the day (``2025-03-01``) that the old lock is of."""
    return (
        f"the changed file has no solution among what was there on {day}, when the old lock was made:"
        " what a smallest change gives today counts as the pull request's"
    )


def late(seconds: int) -> str:
    """Say that the time for telling causes was over."""
    return f"whose doing the changes are was not found out within {seconds} s: all of them count as the pull request's"


def is_caveat(text: str) -> bool:
    """Whether a sentence is one of this module's: then it says nothing but its number or its day."""
    return _CAVEATS.fullmatch(text) is not None


def _when(blame: Attribution, row: Row) -> Iterator[str]:
    if blame in ("upstream", "both") and row.new and row.new.manager == "conda":
        day = datetime.datetime.fromtimestamp(row.new.timestamp, datetime.timezone.utc)
        yield f"uploaded {day:%Y-%m-%d}" if row.new.timestamp else "undated"


_DAY = "0000-00-00"
_CAVEATS = re.compile(
    "|".join(
        re.escape(sentence).replace(re.escape(_DAY), r"\d{4}-\d\d-\d\d").replace("77", r"\d{1,7}")
        for sentence in (AGELESS, PIP_UNSOLVABLE, undated(1), undated(77), unsolvable(_DAY), late(77))
    ),
    re.ASCII,
)
