"""Every kind of variant flip, between two real builds of one package that differ in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from tests.support.repodata import package, repodata

from conda_lockstep.conda.build_variants import variants
from conda_lockstep.drift.compare.diff import diff
from conda_lockstep.drift.model import DriftClass, VariantFlip
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.packages import Package, PackageSet

#        axis, before, after: the packages it is seen on, and how bad it is there
FLIPS = {
    ("device", "cuda", "cpu"): {
        "pytorch": "critical", "jaxlib": "critical", "tensorflow": "critical", "torchvision": "critical",
        "libtorch": "critical", "libxgboost": "high", "libarrow": "low",
        "pytorch-mutex": "critical", "_py-xgboost-mutex": "high",
    },
    ("device", "cpu", "cuda"): {"pytorch": "high", "torchvision": "high", "libarrow": "low"},
    ("cuda", "11", "12"): {
        "pytorch": "critical", "jaxlib": "critical", "libtorch": "critical", "xgboost": "critical",
        "cuda-version": "critical", "pytorch-cuda": "critical",
        # Their builds say nothing: what they depend on does.
        "nccl": "critical", "cudnn": "critical", "magma": "critical",
    },
    ("cuda", "12", "13"): {"cuda-version": "critical"},
    ("mpi", "mpich", "openmpi"): {"mpi": "critical"},
    ("mpi", "none", "mpich"): {"hdf5": "high", "libnetcdf": "high"},
    ("blas", "mkl", "openblas"): {"libblas": "medium", "libcblas": "medium", "blas": "medium"},
    # Any other build of the framework weighs more than this.
    ("blas", "openblas", "mkl"): {"pytorch": "high"},
    ("openmp", "gnu", "llvm"): {"_openmp_mutex": "high"},
    ("openmp", "pthreads", "openmp"): {"libopenblas": "high"},
    ("interpreter", "cpython", "free-threaded"): {"python": "critical", "python_abi": "critical"},
    ("interpreter", "cpython", "pypy"): {"python": "critical", "python_abi": "critical"},
}  # fmt: skip
CASES = [(*flip, name, severity) for flip, names in FLIPS.items() for name, severity in names.items()]


@lru_cache
def builds(channel_data: Path) -> dict[str, tuple[Package, ...]]:
    found: dict[str, list[Package]] = {}
    for record in repodata(channel_data):
        found.setdefault(record["name"], []).append(package(record))
    return {name: tuple(packages) for name, packages in found.items()}


def pairs(
    channel_data: Path, axis: str, before: str, after: str, name: str
) -> Iterator[tuple[Package, Package]]:
    """Yield builds that differ in this axis, those of one version that differ in no other first."""
    known = [(each, variants(each)) for each in builds(channel_data)[name]]
    found = [
        ((one.version != other.version, len(mine.items() ^ theirs.items())), one, other)
        for one, mine in known
        for other, theirs in known
        if (mine.get(axis), theirs.get(axis)) == (before, after)  # type: ignore[call-overload]
    ]
    yield from ((one, other) for _, one, other in sorted(found, key=lambda each: each[0]))


@pytest.mark.parametrize(("axis", "before", "after", "name", "severity"), CASES)
def test_a_flip_between_real_builds_is_found_and_graded(
    channel_data: Path, axis: str, before: str, after: str, name: str, severity: str
) -> None:
    old, new = next(pairs(channel_data, axis, before, after, name))
    sides = PackageSet.of([old]), PackageSet.of([new])
    drift = diff(*sides)
    (change,) = drift.changes
    assert DriftClass.VARIANT in change.classes
    assert VariantFlip(axis, before, after) in change.flips  # type: ignore[arg-type]
    if old.version == new.version:
        judged = [each.severity for each in judge(drift, *sides) if each.change is change]
        assert judged == [severity]


@pytest.mark.parametrize("name", ["pytorch", "jaxlib", "tensorflow", "libxgboost", "nccl"])
def test_a_flip_is_read_from_the_build_and_not_from_the_name(channel_data: Path, name: str) -> None:
    axis, before, after = ("cuda", "11", "12")
    old, new = (
        each._replace(name="some-extension") for each in next(pairs(channel_data, axis, before, after, name))
    )
    (change,) = diff(PackageSet.of([old]), PackageSet.of([new])).changes
    assert VariantFlip("cuda", "11", "12") in change.flips
