"""When a request to GitHub is worth another try, and how long to wait before it.

Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SECONDARY_WAIT = 60.0
LONGEST_BACKOFF = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that did not succeed.

    ``status`` is None where no answer came. ``headers`` has lower-case names. ``executed`` says whether
    GitHub may have carried the request out all the same.
    """

    status: int | None
    message: str
    headers: Mapping[str, str]
    executed: bool


def seconds_until_retry(failure: Failure, attempt: int, now: float) -> float | None:
    """Return how long to wait before the next try, in seconds; None where another try is of no use.

    ``attempt`` counts the tries so far from 1; ``now`` is seconds since the epoch.
    """
    if failure.status is None or failure.status == 408 or failure.status >= 500:
        asked = _whole(failure.headers.get("retry-after"))
        return _backoff(attempt) if asked is None else float(asked)
    if failure.status in (403, 429):
        return _limited(failure, attempt, now)
    return None


def is_rate_limit(failure: Failure) -> bool:
    """Whether a 403 or 429 is about how often, not about what."""
    return failure.status == 429 or (
        failure.status == 403
        and (
            "retry-after" in failure.headers
            or failure.headers.get("x-ratelimit-remaining") == "0"
            or "secondary rate limit" in failure.message.lower()
        )
    )


def _limited(failure: Failure, attempt: int, now: float) -> float | None:
    if not is_rate_limit(failure):
        return None
    asked = _whole(failure.headers.get("retry-after"))
    if asked is not None:
        return float(asked)
    reset = _whole(failure.headers.get("x-ratelimit-reset"))
    if failure.headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        # One second more: the reset is given in whole seconds of GitHub's clock.
        return max(0.0, reset - now) + 1.0
    return SECONDARY_WAIT * 2.0 ** (attempt - 1)


def _backoff(attempt: int) -> float:
    return min(2.0 ** (attempt - 1), LONGEST_BACKOFF)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
