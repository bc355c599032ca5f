"""How the envelope moves between two sets, and who asks for the bound that did."""

from __future__ import annotations

import pytest

from conda_lockstep.drift.compare.envelope_change import compare_envelopes
from conda_lockstep.drift.model import DriftClass, EnvelopeChange
from conda_lockstep.packages import Package, PackageSet


def asking(*depends: str, constrains: tuple[str, ...] = (), name: str = "a") -> Package:
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
def test_a_bound_that_moved_has_a_direction(
    old: str, new: str, expected: tuple[DriftClass, str, str]
) -> None:
    before, after = PackageSet.of([asking(old)]), PackageSet.of([asking(new)])
    direction, low, high = expected
    assert compare_envelopes(before, after) == (EnvelopeChange("__cuda", direction, low, high, ("a",)),)


def test_an_envelope_is_not_compared_with_what_does_not_know_its_dependencies() -> None:
    bare = PackageSet.of([Package("conda", "a", "1", "0")])
    assert compare_envelopes(bare, PackageSet.of([asking("__cuda >=12")])) == ()
    # CEP 37 has no constrains: what only those say is then left out on both sides
    told = PackageSet.of([asking(constrains=("__cuda >=12",))])
    assert compare_envelopes(PackageSet.of([asking()]), told) == ()
