from __future__ import annotations

import pytest

from conda_lockstep.conda.build_variants import (
    device_among,
    device_of,
    device_of_pattern,
    frameworks,
    requires_cuda,
)
from conda_lockstep.packages import Package


def conda(name: str, build: str, version: str = "1.0") -> Package:
    return Package("conda", name, version, build)


def pip(name: str, version: str = "1.0") -> Package:
    return Package("pip", name, version)


@pytest.mark.parametrize(
    ("package", "device"),
    [
        (conda("pytorch", "cuda129_mkl_py312_h1f0b59a_300"), "cuda"),
        (conda("pytorch", "cpu_mkl_py314_hf472749_104"), "cpu"),
        (conda("pytorch", "py3.11_cpu_0"), "cpu"),
        (conda("pytorch", "gpu_cuda118py39h1234567_0"), "cuda"),
        (conda("pytorch-cpu", "py27_cpuh1234567_4"), "cpu"),
        (conda("pytorch", "py3.11_0"), ""),
        # `defaults` names the CPU builds of tensorflow by their BLAS; elsewhere that says nothing about the device.
        (conda("tensorflow", "gpu_py39h1234567_0"), "cuda"),
        (conda("tensorflow", "mkl_py39h1234567_0"), "cpu"),
        (conda("tensorflow-base", "eigen_py39h1234567_0"), "cpu"),
        (conda("libblas", "8_mkl"), ""),
        (conda("jaxlib", "cuda126py312h2e5e2e5_200"), "cuda"),
        (conda("jaxlib", "py39h1234567_0"), "cpu"),
        (conda("jax", "pyhd8ed1ab_0"), ""),
        (conda("libfaiss", "h1234567_0_cpu"), "cpu"),
        (conda("libfaiss", "h1234567_0_cuda11.4"), "cuda"),
        (conda("onnxruntime", "py312h1234567_0_cpu"), "cpu"),
        (conda("onnxruntime", "py312h1234567_200_cuda"), "cuda"),
        (conda("lightgbm", "py312h1234567_2"), "cpu"),
        (conda("lightgbm", "cuda_py312h1234567_2"), "cuda"),
        (conda("dgl", "cuda112py39h1234567_0"), "cuda"),
        (conda("ctranslate2", "py312h1234567_0"), "cpu"),
        (conda("magma", "h1234567_0"), ""),
        (conda("libhwloc", "default_h3d81e11_nocuda_1001"), "cpu"),
        (conda("zlib", "h1234567_0"), ""),
        (pip("torch", "2.4.0+cu121"), "cuda"),
        (pip("torch", "2.4.0+cpu"), "cpu"),
        (pip("torch", "2.4.0+rocm6.1"), "rocm"),
        (pip("torch", "2.4.0"), ""),
        (pip("onnxruntime"), "cpu"),
        (pip("onnxruntime-gpu"), "cuda"),
        (pip("tensorflow-cpu"), "cpu"),
        (pip("numpy"), ""),
    ],
    ids=str,
)
def test_a_build_is_for_one_device(package: Package, device: str) -> None:
    assert device_of(package) == device


@pytest.mark.parametrize(
    ("package", "platform", "device"),
    [
        (pip("torch"), "linux-64", "cuda"),
        (pip("torch"), "linux-aarch64", "cpu"),
        (pip("torch"), "win-64", "cpu"),
        (pip("torch", "2.4.0+cu121"), "win-64", "cuda"),
        (pip("xgboost"), "win-64", "cuda"),
        (pip("xgboost"), "osx-arm64", "cpu"),
        (pip("ctranslate2"), "linux-64", "cuda"),
        (pip("ctranslate2"), "linux-aarch64", "cpu"),
        (pip("jaxlib"), "linux-64", "cpu"),
    ],
)
def test_a_wheel_without_a_label_has_the_device_of_its_platform(
    package: Package, platform: str, device: str
) -> None:
    assert device_of(package, platform) == device


def test_jaxlib_has_cuda_with_its_plugin() -> None:
    assert device_of(pip("jaxlib"), "linux-64", {("pip", "jax-cuda12-plugin"): None}) == "cuda"


def test_a_build_without_a_mark_beside_cuda_builds_of_its_release_is_for_the_cpu() -> None:
    plain, old = conda("newlib", "h1234567_0"), conda("newlib", "h1234567_0", "0.9")
    release = [plain, conda("newlib", "cuda126_h1234567_0"), old]
    assert device_among(plain, release) == "cpu"
    assert device_among(release[1], release) == "cuda"
    assert device_among(old, release) == ""
    assert device_among(plain, [plain, old]) == ""


@pytest.mark.parametrize(
    ("build", "device"),
    [
        ("*cuda118*", "cuda"),
        ("*cuda*", "cuda"),
        ("cuda1*", "cuda"),
        ("gpu_py39", "cuda"),
        ("*gpu*", "cuda"),
        ("py38_cu110", "cuda"),
        ("*cu110", "cuda"),
        ("py3.8_cuda11.3_cudnn8_0", "cuda"),
        ("cpu_py39", "cpu"),
        ("*cpu*", "cpu"),
        ("cpu*", "cpu"),
        ("*nocuda*", "cpu"),
        ("*cudnn*", ""),
        ("py_cu", ""),
        ("py39h1234567_0", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_a_pattern_of_builds_selects_a_device(build: str, device: str) -> None:
    assert device_of_pattern(build) == device


def test_the_table_has_what_its_readers_expect() -> None:
    for (manager, name), framework in frameworks().items():
        assert manager in ("conda", "pip")
        assert name == framework.name == name.lower()
        assert framework.role in ("main", "side", "library", "")
        assert set(framework.default.values()) <= {"cuda", "cpu"}
        assert not framework.default or "" in framework.default


@pytest.mark.parametrize(
    ("name", "build", "required"),
    [
        ("pytorch-cuda", "", True),
        ("cudatoolkit", "", True),
        ("cuda-version", "", True),
        ("cudnn", "", True),
        ("faiss-gpu", "", True),
        ("pytorch", "*cuda*", True),
        ("tensorflow", "gpu_*", True),
        ("libhwloc", "*nocuda*", False),
        ("pytorch", "cpu*", False),
        ("pytorch-gputils", "", False),
        ("numpy", "", False),
    ],
)
def test_a_package_requires_cuda_by_its_name_or_its_requested_build(
    name: str, build: str, required: bool
) -> None:
    assert requires_cuda(name, build) == required


@pytest.mark.parametrize(("label", "device"), [("pt24cu121", "cuda"), ("pt24cpu", "cpu"), ("pt24", "")])
def test_a_label_may_contain_the_torch_that_a_wheel_is_for(label: str, device: str) -> None:
    assert device_of(pip("torch-scatter", f"2.1.2+{label}")) == device
