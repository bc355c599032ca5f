"""What packages ask of a machine, over depends and constrains, and whether a machine has it; as rattler judges it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.repodata import package, repodata

from conda_lockstep.conda.dependencies import split
from conda_lockstep.lock.model.envelope import admits, lower_bounds
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


def test_the_driver_that_conda_forges_cuda_needs_is_in_its_constrains(channel_data: Path) -> None:
    versions = [record for record in repodata(channel_data) if record["name"] == "cuda-version"]
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


WRITTEN = (
    *("__cuda", "__cuda *", "__cuda >=12", "__cuda >=12.4,<13", "__cuda 12.*", "__cuda =12", "__cuda ==12.4"),
    *("__cuda !=12.4", "__cuda !=12.*", "__cuda >12.4", "__cuda <=12.4", "__cuda 12.4", "__cuda ~=12.4"),
    *("__cuda 11.8|12.4", "__cuda >=11,<12|>=12.8", "__glibc >=2.17,<3.0.a0"),
    *("__archspec 1 x86_64_v3", "__archspec 1.* *", "__archspec 1 skylake*"),
)
VERSIONS = ("11.8", "12", "12.0", "12.4", "12.4.1", "12.8", "13.0", "2.9", "2.17", "2.28", "3.0")


def test_a_constraint_admits_what_rattler_matches(channel_data: Path) -> None:
    from rattler import BuildString, MatchSpec, PackageRecord

    real = {
        spec
        for record in repodata(channel_data)
        for spec in (*record.get("depends", ()), *record.get("constrains", ()))
        if spec.startswith("__")
    }
    for spec in {*real, *WRITTEN}:
        name, constraint = split(spec)
        facts = (
            [(version, "0") for version in VERSIONS]
            if name != "__archspec"
            else [("1", "haswell"), ("1", "skylake_avx512")]
        )
        for version, build in facts:
            record = PackageRecord(name, version, BuildString(build), 0, "noarch")
            assert admits(constraint, version, build) == MatchSpec(spec).matches(record), (
                spec,
                version,
                build,
            )


def test_a_processor_runs_what_was_built_for_a_lower_level() -> None:
    assert admits("1 x86_64_v3", "1", "x86_64_v4")
    assert admits("1 x86_64_v3", "1", "x86_64_v3")
    assert not admits("1 x86_64_v3", "1", "x86_64")
