"""Option values that are lists of names: comma-separated, repeated, or both."""

from __future__ import annotations

from collections.abc import Sequence


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Return the names in all values of an option, in order."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())
