"""What became of locked files upstream."""

from __future__ import annotations

import pytest
from tests.drift.compare.test_diff import conda, pip

from conda_lockstep.drift.attribution.channel_diff import compare_with_channel
from conda_lockstep.drift.model import DriftClass, accounted
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

NUMPY = conda("numpy", "1.26.4", "py312h1_0", depends=("python >=3.12,<3.13.0a0", "libblas >=3.9.0,<4.0a0"))
TWICE = conda("scipy", "1.14.0", depends=("numpy >=1.23", "numpy <2.3", "python"))


@pytest.mark.parametrize("package", [NUMPY, TWICE, NUMPY._replace(md5=""), conda("tzdata", "2024a")])
def test_an_unchanged_file_is_not_drift(package: Package) -> None:
    locked = as_a_lock_holds_it(package)
    drift = compare_with_channel(locked, {package.url: package})
    assert not drift
    assert drift.unchanged == (package.key,)


@pytest.mark.parametrize(
    ("published", "what", "severity", "detail"),
    [
        (None, "vanished", "high", "numpy-1.26.4-py312h1_0.conda is no longer in"),
        (NUMPY._replace(sha256="c" * 64), "bytes", "critical", ""),
        (NUMPY._replace(sha256="", md5="c" * 32), "bytes", "critical", ""),
        (
            NUMPY._replace(depends=("python >=3.12,<3.13.0a0", "libblas >=3.9.0,<4.0a0", "libgcc >=13")),
            "unmet",
            "high",
            "numpy needs 'libgcc >=13', and the lock has none; hot-fixed: requires libgcc >=13",
        ),
        (
            NUMPY._replace(depends=("python >=3.12,<3.14.0a0",)),
            "metadata",
            "info",
            "hot-fixed: no longer requires libblas, requires python >=3.12,<3.14.0a0 instead of >=3.12,<3.13.0a0",
        ),
    ],
)
def test_a_changed_file_has_its_class_and_severity(
    published: Package | None, what: str, severity: str, detail: str
) -> None:
    locked = as_a_lock_holds_it(NUMPY)
    drift = compare_with_channel(locked, {NUMPY.url: published} if published else {})
    [judgement] = judge(drift, locked, locked)
    assert (judgement.decisive.value, judgement.severity) == (what, severity)
    assert judgement.change.detail.startswith(detail)  # type: ignore[union-attr]


def test_every_package_is_accounted_for_and_pip_is_not_compared() -> None:
    locked = PackageSet.of([NUMPY, TWICE, pip("wandb", "0.17.0")])
    drift = compare_with_channel(locked, {NUMPY.url: NUMPY})
    assert sorted(accounted(drift)) == sorted(locked)
    assert drift.not_compared == (("pip", "wandb"),)
    assert [change.classes for change in drift.changes] == [{DriftClass.VANISHED}]


def as_a_lock_holds_it(package: Package) -> PackageSet:
    lock = Lock(
        {"linux-64": PackageSet.of([package])}, channels=("conda-forge",), sources=("environment.yml",)
    )
    return cep37.parse(cep37.render(lock), "conda-lock.yml").platforms["linux-64"]
