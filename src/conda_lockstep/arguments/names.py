"""Names that are given with commas, or by an option again and again."""

from __future__ import annotations

from collections.abc import Sequence


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all values of an option, in their order."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())
