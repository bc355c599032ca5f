"""The verdict on one change, from which of the four counterfactual solves have the same result as the new lock."""

from __future__ import annotations

from typing import NamedTuple

from conda_lockstep.drift.report import Attribution


class Reached(NamedTuple):
    """Whether each solve of a file at a moment has what the new lock has, for one change.

    *Then* is the old lock's cut-off; *now* is when the new lock was made. The old file at the cut-off gives the old
    lock, so ``base_then`` is the exception: the old lock held the package back, or did not fit its own file.
    """

    base_then: bool
    head_then: bool
    base_now: bool
    head_now: bool


def verdict(reached: Reached, *, is_dated: bool = True, is_proven: bool = True) -> Attribution:
    """Return who caused a change. ``is_dated`` is whether the new package has an upload date, or is absent.

    Only ``upstream`` does not count against the change, so it requires proof: the old file gives the new package now,
    and did not at the cut-off. ``is_proven`` is whether the latter is known.
    """
    if reached.base_then:
        # Neither file nor uploads since made the difference, but the relock; without a date that is not certain.
        return "pull_request" if reached.head_then and is_dated else "unexplained"
    if reached.head_then:
        return "either" if reached.base_now else "pull_request"
    if reached.base_now:
        return "upstream" if is_proven else "unexplained"
    return "both" if reached.head_now else "unexplained"
