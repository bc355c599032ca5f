"""Severity depends on what a change can break in distributed training."""

from __future__ import annotations

import pytest
from tests.drift.compare.test_diff import NUMPY, TORCH_GPU, conda, pip
from tests.support.corpus import REPOSITORY

from conda_lockstep.drift.compare.diff import diff
from conda_lockstep.drift.model import DriftClass
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.packages import Package, PackageSet


def judged(
    old: list[Package], new: list[Package], kind: ComparisonKind = "lock_to_lock"
) -> list[tuple[str, str, str]]:
    before, after = PackageSet.of(old), PackageSet.of(new)
    judgements = judge(diff(before, after), before, after, kind)
    return [
        (getattr(j.change, "virtual_package", "") or j.change.package.name, j.decisive.value, j.severity)
        for j in judgements
    ]


def stepped(name: str, old: str, new: str) -> str:
    return judged([conda(name, old)], [conda(name, new)])[0][2]


@pytest.mark.parametrize(
    ("name", "old", "new", "severity"),
    [
        ("python", "3.11.7", "3.12.1", "critical"),
        ("python", "3.12.1", "3.12.2", "medium"),
        ("numpy", "1.26.4", "2.0.0", "critical"),
        ("numpy", "2.0.0", "2.1.0", "medium"),
        ("numpy", "2.1.0", "2.0.0", "high"),
        ("pytorch", "2.4.1", "2.5.0", "high"),
        ("pytorch", "2.4.0", "2.4.1", "medium"),
        ("nccl", "2.20.5", "2.27.3", "medium"),
        ("nccl", "2.27.3", "2.20.5", "high"),
        ("cuda-version", "12.6", "12.9", "high"),
        ("cuda-version", "12.9", "12.6", "medium"),
        ("rdma-core", "58.0", "61.0", "medium"),
        ("torchvision", "0.19.1", "0.20.0", "high"),
        ("vllm", "0.9.2", "0.10.0", "high"),
        ("sglang", "0.4.1", "0.5.0", "high"),
        ("flashinfer-python", "0.2.0", "0.3.0", "high"),
        ("mamba-ssm", "2.2.2", "3.0.0", "high"),
        ("pytorch3d", "0.7.7", "0.8.0", "high"),
        ("tensordict", "0.8.1", "0.9.0", "high"),
        ("dgl", "1.1.3", "2.0.0", "high"),
        ("spconv-cu120", "2.3.6", "3.0.0", "high"),
        ("nvidia-dali-cuda120", "1.40.0", "2.0.0", "high"),
        ("transformers", "4.57.1", "5.0.0", "high"),
        ("lightning", "2.5.0", "3.0.0", "high"),
        ("keras", "2.15.0", "3.0.0", "high"),
        ("openssl", "1.1.1", "3.0.0", "high"),
        ("libabseil", "20240722.0", "20250127.0", "high"),
        ("cudnn", "8.9.7.29", "9.1.0", "critical"),
        ("openmpi", "4.1.6", "5.0.5", "critical"),
        ("libstdcxx", "15.2.0", "13.2.0", "critical"),
        ("libstdcxx", "13.2.0", "15.2.0", "low"),
        ("mkl", "2023.2", "2024.1", "medium"),
        ("requests", "1.0", "2.0", "medium"),
        ("requests", "2.30", "2.31", "low"),
        ("requests", "2.31.0", "2.31.1", "info"),
    ],
)
def test_a_version_has_the_severity_of_its_layer(name: str, old: str, new: str, severity: str) -> None:
    assert stepped(name, old, new) == severity


@pytest.mark.parametrize("kind", ["lock_to_lock", "lock_to_prefix"])
def test_changes_that_other_tools_miss_are_critical(kind: ComparisonKind) -> None:
    other_bytes = NUMPY._replace(sha256="c" * 64, md5="d" * 32)
    assert judged([NUMPY], [other_bytes], kind) == [("numpy", "bytes", "critical")]
    cpu = conda("pytorch", "2.5.1", "cpu_mkl_py312h1_100")
    assert judged([TORCH_GPU], [cpu], kind) == [("pytorch", "variant", "critical")]
    removed = "critical" if kind == "lock_to_prefix" else "medium"  # from a lock it may go on purpose
    assert judged([NUMPY, pip("idna", "3.10")], [NUMPY], kind) == [("idna", "removed", removed)]


def test_another_build_than_the_locked_one_is_critical_on_a_machine_and_routine_in_a_lock() -> None:
    rebuilt = conda("requests", "2.31.0", "pyhd8ed1ab_1", sha256="c" * 64)
    locked = conda("requests", "2.31.0", "pyhd8ed1ab_0")
    assert judged([locked], [rebuilt], "lock_to_prefix") == [("requests", "build", "critical")]
    assert judged([locked], [rebuilt]) == [("requests", "build", "low")]


def test_between_two_machines_nothing_may_differ_in_either_direction() -> None:
    one, other = [NUMPY, pip("tqdm", "4.66")], [NUMPY, TORCH_GPU]
    expected = [("pytorch", "critical"), ("tqdm", "high")]
    assert [(name, severity) for name, _, severity in judged(one, other, "prefix_to_prefix")] == expected
    assert [(name, severity) for name, _, severity in judged(other, one, "prefix_to_prefix")] == expected


@pytest.mark.parametrize(
    ("name", "change", "difference"), [("numpy", "low", "medium"), ("nccl", "low", "critical")]
)
def test_a_difference_on_a_machine_is_worse_than_a_change_of_a_lock(
    name: str, change: str, difference: str
) -> None:
    old, new = [conda(name, "2.20.5")], [conda(name, "2.20.6")]
    assert judged(old, new) == [(name, "upgrade", change)]
    assert judged(old, new, "lock_to_prefix") == [(name, "upgrade", difference)]


@pytest.mark.parametrize(
    ("others", "severity"),
    [
        ([], "medium"),  # requested by the user only
        ([(pip("requests", "2.31"), ("idna",), ())], "low"),  # required before, no longer
        ([(pip("requests", "2.31"), ("idna",), ("idna",))], "critical"),  # still required, and removed
        ([(pip("requests", "2.31"), ("idna",), ("idna ; sys_platform == 'win32'",))], "low"),
        ([(pip("requests", "2.31"), ("idna ; extra == 'x'",), ())], "medium"),
    ],
)
def test_a_removed_pip_package_is_graded_by_what_required_it(
    others: list[tuple[Package, tuple[str, ...], tuple[str, ...]]], severity: str
) -> None:
    anchor = pip("anchor", "1.0", depends=("tqdm",))
    old = [pip("idna", "3.10"), anchor, *(package._replace(depends=before) for package, before, _ in others)]
    new = [anchor, *(package._replace(depends=after) for package, _, after in others)]
    found = {name: grade for name, decisive, grade in judged(old, new) if decisive == "removed"}
    assert found == {"idna": severity}


def test_a_package_that_follows_another_is_reported_once() -> None:
    old = [conda("python", "3.11.7"), conda("python_abi", "3.11"), conda("numpy", "1.26.4")]
    new = [conda("python", "3.12.1"), conda("python_abi", "3.12"), conda("numpy", "2.0.0")]
    assert judged(old, new) == [
        ("python", "upgrade", "critical"),
        ("numpy", "upgrade", "critical"),
        ("python_abi", "upgrade", "low"),
    ]


@pytest.mark.parametrize(
    ("whole", "part", "version", "severity"),
    [
        ("libarrow", "libarrow-acero", "22.0.0", "low"),
        ("libarrow", "libarrow-acero", "23.0.0", "medium"),
        ("xgboost", "libxgboost", "22.0.0", "low"),
        ("xgboost", "py-xgboost-cpu", "22.0.0", "low"),
        ("arrow", "libarrow-acero", "22.0.0", "low"),
        ("libarrow", "libparquet", "22.0.0", "low"),
        ("libarrow", "arrow-nanoarrow", "22.0.0", "medium"),
    ],
)
def test_parts_of_a_project_follow_it_from_version_to_version(
    whole: str, part: str, version: str, severity: str
) -> None:
    old = [conda(whole, "20.0.0"), conda(part, "20.0.0")]
    new = [conda(whole, "22.0.0"), conda(part, version)]
    assert {name: grade for name, _, grade in judged(old, new)}[part] == severity


def test_a_follower_with_other_bytes_stays_critical() -> None:
    old = [conda("pytorch", "2.4.0"), conda("libtorch", "2.4.0")]
    new = [conda("pytorch", "2.5.0"), conda("libtorch", "2.4.0", sha256="c" * 64, md5="d" * 32)]
    assert judged(old, new)[0] == ("libtorch", "bytes", "critical")


def test_a_shadowed_package_comes_before_everything_else() -> None:
    old = [NUMPY, conda("python", "3.11.7"), TORCH_GPU]
    new = [NUMPY, pip("numpy", "2.0.0"), conda("python", "3.12.1"), conda("pytorch", "2.5.1", "cpu_h1_0")]
    order = judged(old, new, "lock_to_prefix")
    assert [decisive for _, decisive, _ in order] == ["shadowed", "variant", "upgrade"]
    assert {severity for *_, severity in order} == {"critical"}


def test_a_raised_envelope_is_graded_by_its_bound() -> None:
    old = [conda("numpy", "2.0.0", depends=("__glibc >=2.17,<3.0.a0",))]
    new = [conda("numpy", "2.0.0", depends=("__glibc >=2.28,<3.0.a0",))]
    assert ("__glibc", "envelope raised", "high") in judged(old, new)
    driver = [conda("cuda-version", "12.9", constrains=("__cuda >=12",), depends=("__unix",))]
    newer = [conda("cuda-version", "13.1", constrains=("__cuda >=13",), depends=("__unix",))]
    assert judged(driver, newer)[0][2] == "critical"
    assert ("__cuda", "envelope raised", "critical") in judged(driver, newer)
    assert ("__cuda", "envelope lowered", "info") in judged(newer, driver)


@pytest.mark.parametrize(
    ("spec", "severity"),
    [("__unix", "info"), ("__linux", "info"), ("__linux >=6", "high"), ("__cuda", "critical")],
)
def test_what_every_machine_of_a_platform_has_is_no_requirement(spec: str, severity: str) -> None:
    old = [conda("tool", "1.0", depends=("__glibc >=2.17",))]
    new = [conda("tool", "1.0", depends=("__glibc >=2.17", spec))]
    assert (spec.split()[0], "envelope raised", severity) in judged(old, new)


def test_the_docs_name_every_class() -> None:
    text = (REPOSITORY / "docs" / "drift.md").read_text(encoding="utf-8")
    named = {
        name
        for line in text.splitlines()
        if line.startswith("| ")
        for name in line.split("|")[1].strip().split(", ")
    }
    for each in DriftClass:
        assert each.value in named or each.value.removeprefix("envelope ") in named, each.value
