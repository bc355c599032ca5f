"""Compares the hardware envelopes of two package sets: the lower bounds that changed, and the packages behind them."""

from __future__ import annotations

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.drift.model import DriftClass, EnvelopeChange
from conda_lockstep.lock.model.envelope import Bound, lower_bounds
from conda_lockstep.packages import PackageSet


def compare_envelopes(old: PackageSet, new: PackageSet) -> tuple[EnvelopeChange, ...]:
    """Return the bounds that changed; none if one side does not record dependencies."""
    if not (_records(old, "depends") and _records(new, "depends")):
        return ()
    constrains = _records(old, "constrains") and _records(new, "constrains")
    before = lower_bounds(old.values(), constrains=constrains)
    after = lower_bounds(new.values(), constrains=constrains)
    return tuple(
        change
        for name in sorted({*before, *after})
        if (change := _compare(name, before.get(name), after.get(name)))
    )


def _compare(name: str, old: Bound | None, new: Bound | None) -> EnvelopeChange | None:
    before, after = _version(old), _version(new)
    order = (new is not None) - (old is not None) or compare_conda(before, after)
    if order == 0:
        return None
    direction = DriftClass.RAISED if order > 0 else DriftClass.LOWERED
    higher = new if order > 0 else old
    return EnvelopeChange(name, direction, before, after, tuple(sorted(higher.packages)) if higher else ())


def _version(bound: Bound | None) -> str:
    if bound is None:
        return ""
    return bound.version or "any"


def _records(packages: PackageSet, fact: str) -> bool:
    return any(getattr(package, fact) for package in packages.values())
