"""Bisection: finds the first of n moments at which a solution differs, in about log2 n solves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence


async def first_flip(moments: Sequence[int], flipped: Callable[[int], Awaitable[bool]]) -> int | None:
    """Return the earliest of the moments, in ascending order, at which ``flipped`` holds; None where it never does.

    It is called with the last moment first, then with at most ``ceil(log2 n)`` others. If it flips back and forth, the
    result is one of the moments at which it holds and at whose predecessor it does not.
    """
    if not moments or not await flipped(moments[-1]):
        return None
    before, at = -1, len(moments) - 1
    while at - before > 1:
        middle = (before + at) // 2
        if await flipped(moments[middle]):
            at = middle
        else:
            before = middle
    return moments[at]
