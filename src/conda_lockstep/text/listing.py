"""How messages list things, and which known name is meant by one that is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def listed(items: Sequence[str], word: str) -> str:
    """Return ``a, b and c``; ``word`` stands before the last."""
    return f"{', '.join(items[:-1])} {word} {items[-1]}" if len(items) > 1 else "".join(items)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is a slip or two away; None where that would be a guess.

    One slip (a letter more, less, other, or two swapped) in names of five letters and more, two from nine on.
    """
    allowed = 0 if len(name) < 5 else 1 if len(name) < 9 else 2
    best: tuple[int, str] | None = None
    for other in known:
        if abs(len(other) - len(name)) <= allowed:
            distance = _slips(name, other, allowed)
            if distance <= allowed and (best is None or (distance, other) < best):
                best = distance, other
    return best[1] if best else None


def _slips(one: str, other: str, most: int) -> int:
    """Return how many slips part two names (optimal string alignment), or any number above ``most``."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
