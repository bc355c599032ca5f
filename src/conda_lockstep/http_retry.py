"""When an HTTP request is worth another try, and how long a server asks to wait before it.

Sources: RFC 9110, section 15 (status codes) and 10.2.3 (``Retry-After``); RFC 6585 (429); RFC 8470 (425).
"""

from __future__ import annotations

_TRANSIENT_BELOW_500 = frozenset({408, 425, 429})
_FINAL_FROM_500 = frozenset({501, 505})
"""The server cannot handle such a request at all: not implemented, HTTP version not supported."""


def is_transient(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status in _TRANSIENT_BELOW_500 or (status >= 500 and status not in _FINAL_FROM_500)


def retry_after(header: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, at least 0; None where it is absent or malformed.

    The header is a number of seconds or a date. ``now`` is in seconds since the epoch.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # rarely needed, and slow to load

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def backoff(failures: int, first: float, longest: float = float("inf")) -> float:
    """Return how long to wait after ``failures`` failed tries, in seconds: ``first``, then twice as long each time."""
    return min(first * 2.0 ** (failures - 1), longest)
