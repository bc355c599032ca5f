"""What entries, builds, wheels, indexes and channels say about CUDA."""

from __future__ import annotations

import pytest

from conda_lockstep.conda.bounds import Bounds, Release
from conda_lockstep.conda.cuda_packages import cuda_packages
from conda_lockstep.environment.cuda import Statement, exclude, statements
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.reader import parse
from tests.support.lint import of

HEAD = "channels: [a]\ndependencies:\n"
WHEELS = "https://download.pytorch.org/whl"


def said(*conda: str, pip: tuple[str, ...] = (), head: str = HEAD) -> list[Statement]:
    return list(statements(read_entries(parse(of(*conda, pip=pip, head=head), "environment.yml"))))


@pytest.mark.parametrize(
    ("entry", "kind", "low", "high"),
    [
        ("cuda-version=12", "selects", (12,), (13,)),
        ("cuda-version==12", "selects", (12,), (13,)),
        ("cuda-version=12.4", "selects", (12, 4), (12, 5)),
        ("cuda-version>=12.1,<12.6", "selects", (12, 1), (12, 6)),
        ("cuda-version<13", "selects", None, (13,)),
        ("cudatoolkit==11.3", "selects", (11, 3), (11, 4)),
        ("cudatoolkit=11.3.1", "selects", (11, 3, 1), (11, 3, 2)),
        ("cuda-nvcc=12.4", "part", (12, 4), (12, 5)),
        ("a=1=*cuda118*", "selects", (11, 8), (12,)),
        ("a=1=cuda12*", "selects", (12,), (13,)),
        ("a=1=py38_cuda11.3_cudnn8_0", "selects", (11, 3), (11, 4)),
        ("a=1=*cuda9*", "selects", (9,), (10,)),
        ("a=1=*cuda90*", "selects", (9, 0), (10,)),
        ("a=1=py37_cu92", "selects", (9, 2), (10,)),
        ("a=1=*cu75*", "selects", (7, 5), (8,)),
        ("a=1=*cu80*", "selects", (8, 0), (9,)),
        ("a=1=*cuda_120*", "selects", (12, 0), (13,)),
    ],
)
def test_a_conda_entry_says_which_cuda(entry: str, kind: str, low: Release | None, high: Release) -> None:
    (found,) = said(entry)
    assert (found.kind, found.range.low, found.range.high) == (kind, low, high)
    assert (found.text, found.name) == (entry, entry[: len(found.name)])


@pytest.mark.parametrize(
    ("entry", "name", "low", "high"),
    [
        ("torch==2.0+cu118", "torch", (11, 8), (11, 9)),
        ("torch==2.0+cu92", "torch", (9, 2), (9, 3)),
        (f"--extra-index-url {WHEELS}/cu121", "", (12, 1), (12, 2)),
        (f"--extra-index-url {WHEELS}/nightly/cu130", "", (13,), (13, 1)),
        (f"--extra-index-url {WHEELS}/test/cu126", "", (12, 6), (12, 7)),
        ("cupy-cuda12x", "cupy-cuda12x", (12,), (13,)),
        ("cupy-cuda110", "cupy-cuda110", (11,), (11, 1)),
        ("cupy-cuda92", "cupy-cuda92", (9, 2), (9, 3)),
        ("mxnet-cu80", "mxnet-cu80", (8,), (8, 1)),
        ("nvidia-cudnn-cu12", "nvidia-cudnn-cu12", (12,), (13,)),
        ("jax[cuda12]", "jax", (12,), (13,)),
        ("jax[cpu, cuda11_pip]", "jax", (11,), (12,)),
        ("jax[cuda13-local]", "jax", (13,), (14,)),
    ],
)
def test_a_pip_entry_says_which_cuda(entry: str, name: str, low: Release, high: Release) -> None:
    (found,) = said(pip=(entry,))
    assert (found.text, found.name, found.kind) == (entry, name, "wheel")
    assert found.range == Bounds(low, True, high, False)


@pytest.mark.parametrize(
    "entry",
    ["cuda-version", "cuda-version!=12", "cuda-version=12|13", "a=1=cudnn", "a=1=*gpu*", "cucim=24.4"],
)
def test_what_names_no_cuda_says_nothing_of_it(entry: str) -> None:
    assert said(entry) == []


@pytest.mark.parametrize(
    ("channels", "texts"),
    [
        ("nvidia/label/cuda-11.8.0", ["nvidia/label/cuda-11.8.0"]),
        ("nvidia/label/cuda-12.4.1, nvidia", []),
        ("a/label/cuda-11.8.0", []),
        ("nvidia", []),
    ],
)
def test_a_label_says_which_cuda_where_nvidias_other_packages_are_not_to_be_had(
    channels: str, texts: list[str]
) -> None:
    found = said("b", head=f"channels: [{channels}]\ndependencies:\n")
    assert [one.text for one in found] == texts
    assert all((one.name, one.kind, one.release) == ("", "selects", (11, 8)) for one in found)


def test_statements_stand_in_the_order_of_the_file() -> None:
    found = said("a=1=*cuda118*", "cuda-version=11.8", pip=("cupy-cuda11x",), head="dependencies:\n")
    assert [one.text for one in found] == ["a=1=*cuda118*", "cuda-version=11.8", "cupy-cuda11x"]


@pytest.mark.parametrize(
    ("entry", "release"),
    [
        ("cuda-version=12.4", (12, 4)),
        ("cudatoolkit=11.3.1", (11, 3)),
        ("cuda-version=12.0", (12, 0)),
        ("cuda-version=12", None),
        ("cuda-version>=12.4", None),
        ("cuda-version>=12.4,<12.6", None),
        ("cuda-version<13", None),
    ],
)
def test_a_release_is_one_minor(entry: str, release: Release | None) -> None:
    assert [one.release for one in said(entry)] == [release]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("cuda-version=12.4", "cuda-version=12.6", True),
        ("cuda-version=12.4", "cuda-version=12", False),
        ("cuda-nvcc=12.4", "cuda-cudart=12.6", False),
        ("cuda-nvcc=12.4", "cuda-cudart=11.8", True),
        ("cuda-nvcc=12.4", "cuda-version=12.6", False),
        ("cuda-nvcc=12.4", "cuda-version=13.0", True),
        ("cuda-nvcc=12.4", "cuda-version<=12", False),
        ("cuda-nvcc>=12.4", "cuda-version<12", True),
    ],
)
def test_majors_never_mix_and_minors_do_but_for_what_selects(one: str, other: str, expected: bool) -> None:
    first, second = said(one, other)
    assert exclude(first, second) is expected
    assert exclude(second, first) is expected


def test_packages_that_are_cuda_know_their_name_and_what_came_after() -> None:
    known = cuda_packages()
    assert all(name == package.name for name, package in known.items())
    assert known["cudatoolkit"][1:] == ("selects", 3, "11.8", "cuda-version")
