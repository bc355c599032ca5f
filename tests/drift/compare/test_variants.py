"""Variants are read from real build strings, mutex packages, labels and dependencies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.repodata import package, repodata

from conda_lockstep.conda import build_variants as reading
from conda_lockstep.conda.build_variants import variants
from conda_lockstep.drift.compare.variants import flips
from conda_lockstep.drift.model import VariantFlip
from conda_lockstep.packages import Package


def conda(name: str, version: str, build: str, *depends: str) -> Package:
    return Package("conda", name, version, build, depends=depends)


def pip(name: str, version: str) -> Package:
    return Package("pip", name, version)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            conda("pytorch", "2.9.1", "cuda129_mkl_py312_h1f0b59a_300"),
            {"device": "cuda", "cuda": "12", "blas": "mkl"},
        ),
        (conda("pytorch", "2.5.1", "cpu_generic_py312_h2e2b7e4_0"), {"device": "cpu", "blas": "openblas"}),
        (conda("pytorch", "2.3.1", "py3.11_cuda11.8_cudnn8.7.0_0"), {"device": "cuda", "cuda": "11"}),
        (conda("pytorch", "1.0.0", "py3.7_cuda9.2.148_cudnn7.4.1_1"), {"device": "cuda", "cuda": "9"}),
        (conda("pytorch", "1.0.0", "py3.7_cpu_0"), {"device": "cpu"}),
        (conda("torchvision", "0.16.2", "py311_cu118"), {"device": "cuda", "cuda": "11"}),
        (conda("torchvision", "0.3.0", "py36_cu9.2.148_1"), {"device": "cuda", "cuda": "9"}),
        (conda("torchvision-cpu", "0.3.0", "py36_cuNone_1"), {"device": "cpu"}),
        (conda("jaxlib", "0.4.34", "cuda126py312h2e5e2e5_200"), {"device": "cuda", "cuda": "12"}),
        (conda("libarrow", "22.0.0", "h773bc41_4_cpu"), {"device": "cpu"}),
        (conda("libarrow", "22.0.0", "h773bc41_4_cuda"), {"device": "cuda"}),
        (conda("_py-xgboost-mutex", "2.0", "gpu_0"), {"device": "cuda"}),
        (conda("pytorch-mutex", "1.0", "cuda"), {"device": "cuda"}),
        (conda("libhwloc", "2.12.1", "default_h3d81e11_nocuda_1001"), {"device": "cpu"}),
        (conda("cuda-version", "12.9", "h4f385c5_3"), {"cuda": "12"}),
        (conda("pytorch-cuda", "11.8", "h7e8668a_5"), {"cuda": "11"}),
        (conda("h5py", "3.14.0", "nompi_py312h3faca00_100"), {"mpi": "none"}),
        (conda("hdf5", "1.14.6", "mpi_mpich_h7f58efa_3"), {"mpi": "mpich"}),
        (conda("mpi", "1.0", "openmpi"), {"mpi": "openmpi"}),
        (conda("libblas", "3.9.0", "34_h59b9bed_openblas"), {"blas": "openblas"}),
        (conda("libblas", "3.9.0", "8_mkl"), {"blas": "mkl"}),
        (conda("numpy", "1.21.5", "py39h6c91a56_3", "blas 1.0 mkl"), {"blas": "mkl"}),
        (conda("_openmp_mutex", "4.5", "2_kmp_llvm"), {"openmp": "llvm"}),
        (conda("_openmp_mutex", "4.5", "2_gnu"), {"openmp": "gnu"}),
        (conda("python", "3.13.1", "h9e4cc4f_1_cp313t"), {"interpreter": "free-threaded"}),
        (conda("python", "3.9.18", "0_73_pypy"), {"interpreter": "pypy"}),
        (conda("python", "3.12.11", "h9e4cc4f_0_cpython"), {"interpreter": "cpython"}),
        (
            conda("nccl", "2.27.3", "h92b9bc0_0", "cuda-version >=12,<13.0a0"),
            {"device": "cuda", "cuda": "12"},
        ),
        (conda("tqdm", "4.67.1", "pyhd8ed1ab_1"), {}),
        (conda("ceres-solver", "2.2.0", "cpugplh1234567_0"), {"device": "cpu"}),
        (pip("torch", "2.4.0+cu121"), {"device": "cuda", "cuda": "12"}),
        (pip("torch", "2.4.0+cpu"), {"device": "cpu"}),
        (pip("torch", "2.4.0+rocm6.1"), {"device": "rocm"}),
        (pip("nvidia-nccl-cu12", "2.20.5"), {"device": "cuda", "cuda": "12"}),
        (pip("nvidia-cublas", "13.0.0.19"), {"device": "cuda"}),
        (pip("cupy-cuda11x", "13.3.0"), {"device": "cuda", "cuda": "11"}),
        (pip("onnxruntime-gpu", "1.20.0"), {"device": "cuda"}),
        (pip("tensorflow-cpu", "2.17.0"), {"device": "cpu"}),
        (pip("numpy", "2.0.0"), {}),
    ],
    ids=lambda value: str(value) if isinstance(value, Package) else "",
)
def test_a_package_says_which_variant_it_is(found: Package, expected: dict[str, str]) -> None:
    assert variants(found) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            conda("pytorch", "2.5.1", "cuda126_mkl_py312_h1_300"),
            conda("pytorch", "2.5.1", "cpu_mkl_py312_h2_100"),
            (VariantFlip("device", "cuda", "cpu"),),
        ),
        (
            conda("pytorch", "2.5.1", "cuda118_mkl_py312_h1_300"),
            conda("pytorch", "2.5.1", "cuda126_generic_py312_h1_200"),
            (VariantFlip("cuda", "11", "12"), VariantFlip("blas", "mkl", "openblas")),
        ),
        # A build string without a word on CUDA has lost it, if the one before had one.
        (
            conda("faiss", "1.8", "py311_cuda12"),
            conda("faiss", "1.9", "h1234567_0"),
            (VariantFlip("device", "cuda", ""),),
        ),
        # An MPI that is not named is none that changed.
        (conda("hdf5", "1.14", "nompi_h1_0"), conda("hdf5", "1.14", "h1_0"), ()),
        # What one side's dependencies say cannot be held against the other's silence.
        (conda("nccl", "2.27", "h1_0", "cuda-version >=12"), conda("nccl", "2.27", "h1_0"), ()),
        (pip("torch", "2.4.0+cu118"), pip("torch", "2.4.0+cu121"), (VariantFlip("cuda", "11", "12"),)),
        (pip("torch", "2.4.0+cu121"), pip("torch", "2.4.0"), (VariantFlip("device", "cuda", ""),)),
    ],
    ids=lambda value: str(value) if isinstance(value, Package) else "",
)
def test_what_flips_between_two_builds(old: Package, new: Package, expected: tuple[VariantFlip, ...]) -> None:
    assert flips(old, new) == expected
    assert flips(new, old) == tuple(VariantFlip(flip.axis, flip.new, flip.old) for flip in expected)


def test_no_real_build_that_tells_something_is_passed_over(
    channel_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked at first, of a build and of dependencies, is only there to be fast."""
    packages = [package(record) for record in repodata(channel_data)]
    known = [variants(each) for each in packages]
    assert sum(map(bool, known)) > 1000
    monkeypatch.setattr(reading, "_MAY_TELL", re.compile(""))
    monkeypatch.setattr(reading, "_UNINFORMATIVE", set())
    assert [variants(each) for each in packages] == known


def test_every_gpu_build_of_the_real_channels_is_known_as_one_and_no_cpu_build_is(channel_data: Path) -> None:
    """Judged by another fact than the build string: what the build depends on."""
    wrong = []
    for record in repodata(channel_data):
        needs = {spec.split()[0] for spec in record.get("depends", ())}
        device = variants(package({**record, "depends": []})).get("device")
        if "cpuonly" in needs and device == "cuda":
            wrong.append(record["fn"])
        if "__cuda" in needs and device == "cpu":
            wrong.append(record["fn"])
    assert not wrong
