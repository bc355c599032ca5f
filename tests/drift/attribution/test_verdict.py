"""The verdict for each combination of solves that have what the new lock has."""

from __future__ import annotations

from itertools import product

import pytest

from conda_lockstep.drift.attribution.verdict import Reached, verdict

# Old file at the cut-off, new file at the cut-off, old file now, new file now.
TABLE = {
    (0, 1, 0, 1): "pull_request",
    (0, 1, 0, 0): "pull_request",
    (0, 0, 1, 1): "upstream",
    (0, 0, 1, 0): "upstream",
    (0, 1, 1, 1): "either",
    (0, 1, 1, 0): "either",
    (0, 0, 0, 1): "both",
    (0, 0, 0, 0): "unexplained",
    # The old file gave it at the cut-off already: the relock did it, if the new file gives it, too.
    (1, 1, 0, 0): "pull_request",
    (1, 1, 0, 1): "pull_request",
    (1, 1, 1, 0): "pull_request",
    (1, 1, 1, 1): "pull_request",
    (1, 0, 0, 0): "unexplained",
    (1, 0, 0, 1): "unexplained",
    (1, 0, 1, 0): "unexplained",
    (1, 0, 1, 1): "unexplained",
}


@pytest.mark.parametrize("solves", [*product((0, 1), repeat=4)])
def test_each_combination_has_one_verdict(solves: tuple[int, int, int, int]) -> None:
    reached = Reached(*map(bool, solves))
    assert verdict(reached) == TABLE[solves]
    undated = verdict(reached, is_dated=False)
    assert undated == ("unexplained" if reached.base_then else TABLE[solves])
    unproven = verdict(reached, is_proven=False)
    assert unproven == ("unexplained" if TABLE[solves] == "upstream" else TABLE[solves])


def test_only_what_the_old_file_has_now_and_had_not_then_passes_a_check() -> None:
    passing = {solves for solves in TABLE if TABLE[solves] == "upstream"}
    assert passing == {(0, 0, 1, 0), (0, 0, 1, 1)}
