"""The direction in which a bound of the envelope changes between two sets, and the packages that set it."""

from __future__ import annotations

import pytest

from conda_lockstep.drift.compare.envelope_change import compare_envelopes
from conda_lockstep.drift.model import DriftClass, EnvelopeChange
from conda_lockstep.packages import Package, PackageSet


def requiring(*depends: str, constrains: tuple[str, ...] = (), name: str = "a") -> Package:
    return Package("conda", name, "1", "0", depends=("python", *depends), constrains=constrains)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("__cuda >=11", "__cuda >=12", (DriftClass.RAISED, "11", "12")),
        ("__cuda >=12", "__cuda >=11", (DriftClass.LOWERED, "12", "11")),
        ("", "__cuda", (DriftClass.RAISED, "", "any")),
        ("__cuda", "", (DriftClass.LOWERED, "any", "")),
        ("__cuda", "__cuda >=12", (DriftClass.RAISED, "any", "12")),
    ],
)
def test_a_changed_bound_has_a_direction(old: str, new: str, expected: tuple[DriftClass, str, str]) -> None:
    before, after = PackageSet.of([requiring(old)]), PackageSet.of([requiring(new)])
    direction, low, high = expected
    assert compare_envelopes(before, after) == (EnvelopeChange("__cuda", direction, low, high, ("a",)),)


def test_an_envelope_is_not_compared_without_dependencies_on_both_sides() -> None:
    bare = PackageSet.of([Package("conda", "a", "1", "0")])
    assert compare_envelopes(bare, PackageSet.of([requiring("__cuda >=12")])) == ()
    # CEP 37 has no constrains: what only those say is then left out on both sides
    bounded = PackageSet.of([requiring(constrains=("__cuda >=12",))])
    assert compare_envelopes(PackageSet.of([requiring()]), bounded) == ()
