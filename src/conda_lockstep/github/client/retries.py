"""When a request to GitHub is worth another try, and how long to wait before it.

Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conda_lockstep.http_retry import backoff, is_transient, retry_after

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
    """Return how long to wait before the next try, in seconds; None if another try cannot help.

    ``attempt`` counts the tries so far from 1; ``now`` is seconds since the epoch.
    """
    if failure.status in (403, 429):
        return _limited(failure, attempt, now)
    if failure.status is not None and not is_transient(failure.status):
        return None
    requested = retry_after(failure.headers.get("retry-after"), now)
    return backoff(attempt, 1.0, LONGEST_BACKOFF) if requested is None else requested


def is_rate_limit(failure: Failure) -> bool:
    """Return whether a 403 or 429 is a rate limit and not a missing permission."""
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
    requested = retry_after(failure.headers.get("retry-after"), now)
    if requested is not None:
        return requested
    reset = _whole(failure.headers.get("x-ratelimit-reset"))
    if failure.headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        # One second more: the reset is given in whole seconds of GitHub's clock.
        return max(0.0, reset - now) + 1.0
    return backoff(attempt, SECONDARY_WAIT)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
