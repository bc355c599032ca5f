"""Which upload flipped a solution: found among n moments by about log2 n solves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence


async def first_flip(moments: Sequence[int], flipped: Callable[[int], Awaitable[bool]]) -> int | None:
    """Return the earliest of the moments, in ascending order, at which ``flipped`` holds; None where it never does.

    It is asked of the last moment first, then of at most ``ceil(log2 n)`` others. What flips back and forth has
    several such moments: the one returned is then one at which it holds, and did not at the moment before.
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
