"""The search for the upload that flipped a solution."""

from __future__ import annotations

import asyncio
import math

from hypothesis import given
from hypothesis import strategies as st

from conda_lockstep.drift.attribution.bisect import first_flip

moments = st.lists(st.integers(0, 10**9), min_size=1, max_size=300, unique=True).map(sorted)


@given(moments, st.data())
def test_the_first_moment_is_found_in_as_many_calls_as_a_bisection_needs(times, data):
    planted = data.draw(st.sampled_from(times))
    calls = []

    async def flipped(moment: int) -> bool:
        calls.append(moment)
        return moment >= planted

    assert asyncio.run(first_flip(times, flipped)) == planted
    assert len(calls) <= 1 + math.ceil(math.log2(len(times))) if len(times) > 1 else 1
    assert len(set(calls)) == len(calls)


@given(moments, st.data())
def test_a_solution_that_flips_back_and_forth_gives_a_moment_of_a_flip(times, data):
    states = dict(
        zip(times, data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times))), strict=True)
    )

    async def flipped(moment: int) -> bool:
        return states[moment]

    found = asyncio.run(first_flip(times, flipped))
    if not states[times[-1]]:
        assert found is None
    else:
        before = times.index(found) - 1
        assert states[found]
        assert before < 0 or not states[times[before]]


def test_without_moments_nothing_is_called():
    async def flipped(moment: int) -> bool:
        raise AssertionError(moment)

    assert asyncio.run(first_flip([], flipped)) is None
