"""Drift: what two package sets show, each package once, and nothing that one side does not know."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.drift.strategies import package_sets

from conda_lockstep.drift.compare.diff import ComparableFacts, diff
from conda_lockstep.drift.model import MIRRORS, Change, Drift, DriftClass, UnknownFact, VariantFlip, accounted
from conda_lockstep.packages import Package, PackageSet

FORGE = "https://conda.anaconda.org/conda-forge"
WHEELS = "https://files.pythonhosted.org/packages"


def conda(
    name: str, version: str, build: str = "h1234567_0", *, channel: str = FORGE, **fields: object
) -> Package:
    url = f"{channel}/linux-64/{name}-{version}-{build}.conda"
    package = Package("conda", name, version, build, "linux-64", channel, url, sha256="a" * 64, md5="b" * 32)
    return package._replace(**fields)


def pip(name: str, version: str, file: str = "", **fields: object) -> Package:
    url = f"{WHEELS}/{file or f'{name}-{version}-py3-none-any.whl'}"
    return Package("pip", name, version, url=url, sha256="a" * 64)._replace(**fields)


def only_change(old: Package | None, new: Package | None, **scope: bool) -> Change | None:
    drift = diff(
        PackageSet.of(filter(None, [old])), PackageSet.of(filter(None, [new])), ComparableFacts(**scope)
    )
    assert len(drift.changes) <= 1
    return drift.changes[0] if drift.changes else None


NUMPY = conda("numpy", "1.26.4", "py312h1_0")
TORCH_GPU = conda("pytorch", "2.5.1", "cuda126_mkl_py312h1_300")


@pytest.mark.parametrize(
    ("old", "new", "classes"),
    [
        (None, NUMPY, "added"),
        (NUMPY, None, "removed"),
        (NUMPY, conda("numpy", "2.0.0", "py312h1_0"), "upgrade"),
        (NUMPY, conda("numpy", "1.26.3", "py312h1_0"), "downgrade"),
        (NUMPY, conda("numpy", "1.26.4", "py312h2_1", sha256="c" * 64), "build"),
        (TORCH_GPU, conda("pytorch", "2.5.1", "cpu_mkl_py312h1_100"), "build variant"),
        (TORCH_GPU, conda("pytorch", "2.6.0", "cuda118_mkl_py312h1_300"), "upgrade variant"),
        (
            NUMPY,
            conda("numpy", "1.26.4", "py312h1_0", channel="https://repo.anaconda.com/pkgs/main"),
            "channel",
        ),
        (NUMPY, NUMPY._replace(sha256="c" * 64, md5="d" * 32), "bytes"),
        (NUMPY, NUMPY._replace(sha256="", md5="d" * 32), "bytes"),
        (NUMPY, NUMPY._replace(url="", sha256="c" * 64), "bytes"),
        (NUMPY._replace(depends=("python",)), NUMPY._replace(depends=("python >=3.12",)), "metadata"),
        (
            NUMPY,
            NUMPY._replace(url=NUMPY.url.replace(FORGE, "https://mirror.example/conda-forge")),
            "metadata",
        ),
        (
            NUMPY,
            NUMPY._replace(url=NUMPY.url.replace(".conda", ".tar.bz2"), sha256="c" * 64, md5=""),
            "metadata",
        ),
        (NUMPY, pip("numpy", "2.0.0"), "manager upgrade"),
        (conda("pytorch", "2.5.1", "cpu_h1_0"), pip("torch", "2.5.1+cu121"), "manager variant upgrade"),
        (pip("torch", "2.5.1+cu121"), pip("torch", "2.5.1+cpu"), "downgrade variant"),
        (pip("nvidia-nccl-cu11", "2.20.5"), pip("nvidia-nccl-cu12", "2.20.5"), "variant"),
        (pip("faiss-gpu", "1.8.0"), pip("faiss-cpu", "1.9.0"), "variant upgrade"),
        (pip("nvidia-cublas-cu12", "12.9"), pip("nvidia-cublas", "13.0"), "variant upgrade"),
        (pip("idna", "3.10"), pip("idna", "3.10", sha256="c" * 64), "bytes"),
        (pip("idna", "3.10"), pip("idna", "3.10", "idna-3.10.tar.gz", sha256="c" * 64), "build"),
        (pip("idna", "3.10"), pip("idna", "3.10")._replace(url="./idna", sha256=""), "channel"),
        (pip("idna", "3.10"), pip("idna", "3.10")._replace(url="", sha256=""), ""),
        (
            pip("a", "1.0", url=f"git+https://x.org/a@{'1' * 40}"),
            pip("a", "1.0", url=f"git+https://x.org/a@{'2' * 40}"),
            "build",
        ),
        (pip("a", "1.0"), pip("a", "1.0.0", sha256="a" * 64), "metadata"),
        # What one side does not know is not held against the other.
        (NUMPY, NUMPY._replace(build=""), ""),
        (NUMPY, NUMPY._replace(sha256="", md5=""), ""),
        (NUMPY, NUMPY._replace(depends=("python",)), ""),
        # prefix.dev serves conda-forge's own files; Anaconda's folders are one channel, defaults.
        (NUMPY, NUMPY._replace(url=NUMPY.url.replace(FORGE, "https://prefix.dev/conda-forge")), ""),
        (
            conda("zlib", "1.3", channel="https://repo.anaconda.com/pkgs/main"),
            conda("zlib", "1.3", url="", channel="defaults"),
            "",
        ),
        (
            NUMPY._replace(depends=("libgcc >=13, <14", "tzdata")),
            NUMPY._replace(depends=("tzdata *", "libgcc >=13,<14")),
            "",
        ),
    ],
)
def test_a_difference_has_its_classes(old: Package | None, new: Package | None, classes: str) -> None:
    change = only_change(old, new)
    assert {each.value for each in (change.classes if change else ())} == set(classes.split())


def test_two_spellings_of_one_name_are_two_packages() -> None:
    old, new = conda("importlib_metadata", "8.0"), conda("importlib-metadata", "8.0")
    drift = diff(PackageSet.of([old]), PackageSet.of([new]))
    assert [change.keys for change in drift.changes] == [
        (("conda", "importlib-metadata"),),
        (("conda", "importlib_metadata"),),
    ]


def test_a_pip_package_over_a_conda_package_shadows_it() -> None:
    drift = diff(PackageSet.of([NUMPY]), PackageSet.of([NUMPY, pip("numpy", "2.0.0")]))
    assert [change.classes for change in drift.changes] == [{DriftClass.ADDED, DriftClass.SHADOWED}]
    assert drift.unchanged == (("conda", "numpy"),)
    torch = diff(PackageSet.of([TORCH_GPU]), PackageSet.of([TORCH_GPU, pip("torch", "2.6.0")]))
    assert DriftClass.SHADOWED in torch.changes[0].classes


@pytest.mark.parametrize(
    ("held", "project", "shadowed"),
    [
        ("py-xgboost", "xgboost", True),
        ("opencv", "opencv-python", True),
        ("ray-core", "ray", True),
        # The program, and what calls it from Python.
        ("graphviz", "graphviz", False),
        ("nccl", "nvidia-nccl-cu12", False),
    ],
)
def test_a_pip_package_shadows_the_package_of_its_project_and_not_its_namesake(
    held: str, project: str, shadowed: bool
) -> None:
    drift = diff(
        PackageSet.of([conda(held, "1.0")]), PackageSet.of([conda(held, "1.0"), pip(project, "1.0")])
    )
    assert [DriftClass.SHADOWED in change.classes for change in drift.changes] == [shadowed]


def test_without_a_pip_part_on_one_side_that_of_the_other_is_not_compared() -> None:
    old, new = PackageSet.of([NUMPY]), PackageSet.of([NUMPY, pip("idna", "3.10")])
    drift = diff(old, new, ComparableFacts(pip=False))
    assert not drift
    assert drift.not_compared == (("pip", "idna"),)
    assert UnknownFact("pip part", (("pip", "idna"),)) in drift.unknown_facts


def test_unknown_hashes_and_builds_are_named() -> None:
    bare = NUMPY._replace(build="", sha256="", md5="")
    assert diff(PackageSet.of([NUMPY]), PackageSet.of([bare])).unknown_facts == (
        UnknownFact("build", (("conda", "numpy"),)),
        UnknownFact("bytes", (("conda", "numpy"),)),
    )
    sha_only, md5_only = NUMPY._replace(md5=""), NUMPY._replace(sha256="")
    assert diff(PackageSet.of([sha_only]), PackageSet.of([md5_only])).unknown_facts == (
        UnknownFact("bytes", (("conda", "numpy"),)),
    )


@given(package_sets)
def test_a_set_does_not_drift_from_itself(packages: PackageSet) -> None:
    drift = diff(packages, packages)
    assert not drift
    assert list(drift.unchanged) == sorted(packages)


@given(package_sets, package_sets)
@settings(max_examples=150)
def test_the_other_way_round_is_the_mirror_image(old: PackageSet, new: PackageSet) -> None:
    assert mirrored(diff(old, new)) == facts(diff(new, old))


@given(package_sets, package_sets)
@settings(max_examples=150)
def test_every_package_of_either_side_is_accounted_for_once(old: PackageSet, new: PackageSet) -> None:
    for scope in (ComparableFacts(), ComparableFacts(pip=False), ComparableFacts(metadata=False)):
        keys = list(accounted(diff(old, new, scope)))
        assert sorted(keys) == sorted({*old, *new})


@given(package_sets, package_sets)
def test_the_order_of_the_packages_does_not_matter(old: PackageSet, new: PackageSet) -> None:
    shuffled = [PackageSet(dict(reversed(side.packages.items()))) for side in (old, new)]
    assert diff(*shuffled) == diff(old, new)


def facts(drift: Drift) -> tuple[object, ...]:
    changes = {(change.old, change.new, change.classes, change.flips) for change in drift.changes}
    envelope = {(each.virtual_package, each.direction, each.old, each.new) for each in drift.envelope}
    return changes, drift.unchanged, drift.not_compared, envelope, drift.unknown_facts


def mirrored(drift: Drift) -> tuple[object, ...]:
    changes = {
        (
            change.new,
            change.old,
            frozenset(MIRRORS.get(each, each) for each in change.classes),
            tuple(VariantFlip(flip.axis, flip.new, flip.old) for flip in change.flips),
        )
        for change in drift.changes
    }
    envelope = {
        (each.virtual_package, MIRRORS[each.direction], each.new, each.old) for each in drift.envelope
    }
    return changes, drift.unchanged, drift.not_compared, envelope, drift.unknown_facts
