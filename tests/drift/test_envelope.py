"""The envelope is what the real metadata asks of a machine, over depends and constrains."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.repodata import package, repodata

from conda_lockstep.drift.envelope import compare_envelopes
from conda_lockstep.drift.model import DriftClass, EnvelopeChange
from conda_lockstep.lock.envelope import lower_bounds
from conda_lockstep.packages import Package, PackageSet


def asking(*depends: str, constrains: tuple[str, ...] = (), name: str = "a") -> Package:
    return Package("conda", name, "1", "0", depends=("python", *depends), constrains=constrains)


@pytest.mark.parametrize(
    ("specs", "bounds"),
    [
        (["__glibc >=2.17,<3.0.a0", "__glibc >=2.28"], {"__glibc": "2.28"}),
        (["__cuda  >=12.4"], {"__cuda": "12.4"}),
        (["__cuda"], {"__cuda": ""}),
        (["__cuda", "__cuda >=11.8"], {"__cuda": "11.8"}),
        (["__osx >=11.0", "__osx >=10.13"], {"__osx": "11.0"}),
        (["__archspec 1.* x86_64_v3"], {"__archspec": "x86_64_v3"}),
        (["__unix", "__linux"], {"__unix": "", "__linux": ""}),
        (["__win *"], {"__win": ""}),
        (["__glibc <3"], {"__glibc": ""}),
    ],
)
def test_a_bound_is_read_in_every_spelling(specs: list[str], bounds: dict[str, str]) -> None:
    found = lower_bounds([asking(*specs)])
    assert {name: bound.version for name, bound in found.items()} == bounds


def test_the_driver_that_conda_forges_cuda_needs_is_in_its_constrains(corpus: Path) -> None:
    versions = [record for record in repodata(corpus) if record["name"] == "cuda-version"]
    bounds = {record["version"]: lower_bounds([package(record)]).get("__cuda") for record in versions}
    assert {version: bound.version if bound else "" for version, bound in bounds.items()}["12.9"] == "12"
    assert lower_bounds([package(versions[0])], constrains=False).get("__cuda") is None


def test_who_asks_for_the_highest_bound_is_named() -> None:
    packages = PackageSet.of(
        [
            asking("__glibc >=2.28", name="c"),
            asking("__glibc >=2.17", name="a"),
            asking("__glibc >=2.28", name="b"),
        ]
    )
    assert lower_bounds(packages.values())["__glibc"].packages == ("b", "c")


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
