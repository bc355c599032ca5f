"""CPU builds on a GPU machine, by framework and manager: what ``lock`` reports of each, and which entry it suggests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.device_entries import requests_of
from conda_lockstep.lock.solve.cpu_fallback import CpuBuild, cpu_builds
from conda_lockstep.lock.update.make import Settings, make_locks
from conda_lockstep.packages import Package, PackageSet

A100 = DeclaredMachine("a100", "linux-64", driver="535.104.05")

# The requested package, the CPU build of its release, the CUDA build of it, and the suggested entry.
CONDA = (
    ("pytorch", "cpu_mkl_py312_h1234567_104", "cuda126_mkl_py312_h1234567_304", "pytorch=*=*cuda*"),
    ("pytorch", "py3.12_cpu_0", "py3.12_cuda12.1_cudnn8.9.2_0", "pytorch=*=*cuda*"),
    ("libtorch", "cpu_mkl_h1234567_104", "cuda126_mkl_h1234567_304", "libtorch=*=*cuda*"),
    ("torchvision", "py312_cpu", "py312_cu121", "torchvision=*=*_cu1*"),
    ("torchaudio", "cpu_py312_h1234567_0", "cuda126_py312_h1234567_0", "torchaudio=*=*cuda*"),
    ("tensorflow", "cpu_py312h1234567_0", "cuda126py312h1234567_200", "tensorflow=*=*cuda*"),
    ("tensorflow", "mkl_py312h1234567_0", "gpu_py312h1234567_0", "tensorflow=*=*gpu*"),
    ("tensorflow", "eigen_py312h1234567_0", "gpu_py312h1234567_0", "tensorflow=*=*gpu*"),
    ("tensorflow-base", "mkl_py312h1234567_0", "gpu_py312h1234567_0", "tensorflow-base=*=*gpu*"),
    ("libtensorflow", "cpu_h1234567_0", "cuda126h1234567_200", "libtensorflow=*=*cuda*"),
    ("jaxlib", "cpu_py312h1234567_0", "cuda126py312h1234567_200", "jaxlib=*=*cuda*"),
    ("jaxlib", "py312h1234567_0", "cuda118py312h1234567_0", "jaxlib=*=*cuda*"),
    ("mxnet", "mkl_py37h1234567_0", "gpu_py37h1234567_0", "mxnet=*=*gpu*"),
    ("paddlepaddle", "py312h1234567_0", "cuda112py312h1234567_0", "paddlepaddle=*=*cuda*"),
    ("py-xgboost", "cpu_pyh1234567_4", "cuda120_pyh1234567_4", "py-xgboost=*=*cuda*"),
    ("libxgboost", "cpu_h1234567_4", "cuda120_h1234567_4", "libxgboost=*=*cuda*"),
    ("lightgbm", "py312h1234567_2", "cuda_py312h1234567_2", "lightgbm=*=*cuda*"),
    ("lightgbm", "cpu_py312h1234567_2", "cuda_py312h1234567_2", "lightgbm=*=*cuda*"),
    ("onnxruntime", "py312h1234567_0_cpu", "py312h1234567_200_cuda", "onnxruntime=*=*cuda*"),
    ("onnxruntime", "py312h1234567_0", "py312h1234567_200_cuda", "onnxruntime=*=*cuda*"),
    ("libfaiss", "h1234567_0_cpu", "h1234567_0_cuda11.4", "libfaiss=*=*cuda*"),
    ("faiss", "py312_h1234567_0_cpu", "py312_h1234567_0_cuda", "faiss=*=*cuda*"),
    ("dgl", "py312h1234567_0", "cuda112py312h1234567_0", "dgl=*=*cuda*"),
    ("ctranslate2", "py312h1234567_0", "cuda_py312h1234567_200", "ctranslate2=*=*cuda*"),
    ("magma", "h1234567_0", "cuda126h1234567_0", "magma=*=*cuda*"),
    ("libmagma", "h1234567_0", "cuda126_h1234567_0", "libmagma=*=*cuda*"),
    ("deepspeed", "cpu_py312h1234567_1", "cuda118py312h1234567_201", "deepspeed=*=*cuda*"),
    ("newnet", "py312h1234567_0", "cuda126py312h1234567_0", "newnet=*=*cuda*"),
    ("newnet", "py312h1234567_0", "gpu_py312h1234567_0", "newnet=*=*gpu*"),
    ("newnet", "py312_nocuda", "py312_cuda", "newnet=*=*_cuda*"),
)

# The platform, the locked package, and the suggested entry.
PIP = (
    ("linux-aarch64", "torch 2.9.1", "--extra-index-url https://download.pytorch.org/whl/cu126"),
    ("win-64", "torch 2.9.1", "--extra-index-url https://download.pytorch.org/whl/cu126"),
    ("linux-64", "torch 2.9.1+cpu", "--extra-index-url https://download.pytorch.org/whl/cu126"),
    ("win-64", "torchvision 0.24.1", "--extra-index-url https://download.pytorch.org/whl/cu126"),
    ("linux-64", "torchaudio 2.9.1+cpu", "--extra-index-url https://download.pytorch.org/whl/cu126"),
    ("linux-64", "torch_scatter 2.1.2+pt24cpu", "another version than '2.1.2+pt24cpu'"),
    ("linux-64", "jaxlib 0.8.0", "jax[cuda12]"),
    ("linux-aarch64", "jaxlib 0.8.0", "jax[cuda12]"),
    ("linux-aarch64", "tensorflow 2.20.0", "PyPI has no CUDA build of tensorflow for linux-aarch64"),
    ("win-64", "tensorflow 2.20.0", "PyPI has no CUDA build of tensorflow for win-64"),
    ("linux-64", "onnxruntime 1.23.0", "onnxruntime-gpu"),
    ("linux-64", "paddlepaddle 3.2.0", "paddlepaddle-gpu"),
    ("linux-64", "mxnet 1.9.1", "mxnet-cu112"),
    ("linux-64", "dgl 2.1.0", "PyPI has no CUDA build of dgl for linux-64"),
    ("linux-aarch64", "ctranslate2 4.6.0", "PyPI has no CUDA build of ctranslate2 for linux-aarch64"),
)

PIP_WITH_CUDA = (
    ("linux-64", ("torch 2.9.1",)),
    ("linux-64", ("torch 2.9.1+cu126",)),
    ("win-64", ("torch 2.9.1+cu126", "torchvision 0.24.1+cu126")),
    ("linux-64", ("jaxlib 0.8.0", "jax-cuda12-plugin 0.8.0")),
    ("linux-64", ("tensorflow 2.20.0", "nvidia-cudnn-cu12 9.1")),
    ("linux-64", ("onnxruntime-gpu 1.23.0",)),
    ("linux-64", ("xgboost 3.1.0", "ctranslate2 4.6.0", "numpy 2.3.0", "lightgbm 4.6.0")),
    ("linux-aarch64", ("xgboost 3.1.0",)),
)


def _channel(folder: Path, records: Iterable[tuple[str, str, int]]) -> str:
    """Write a channel of the records (name, build, build number); the larger number is what a solver prefers."""
    packages = {}
    for name, build, number in records:
        file = f"{name}-1.0-{build}.conda"
        packages[file] = {
            "name": name, "version": "1.0", "build": build, "build_number": number, "subdir": "linux-64",
            "depends": [], "size": 1, "sha256": hashlib.sha256(file.encode()).hexdigest(),
            "md5": hashlib.md5(file.encode()).hexdigest(),
        }  # fmt: skip
    for subdir, held in (("linux-64", packages), ("noarch", {})):
        (folder / subdir).mkdir(parents=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": held, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(index))
    return folder.as_uri()


def _locked(tmp_path: Path, url: str, *entries: str, machines=(A100,), **settings) -> Lock:
    listed = "".join(f"  - {entry}\n" for entry in entries)
    file = parse(f"channels:\n  - {url}\ndependencies:\n{listed}", "environment.yml")
    mirrors = Mirrors({}, TRUSTED)
    given = Settings(("linux-64",), machines=machines, mirrors=mirrors, cache=tmp_path / "cache", **settings)
    (lock,) = make_locks(file, given).values()
    return lock


@pytest.mark.parametrize(("name", "cpu", "cuda", "remedy"), CONDA)
def test_a_gpu_machine_gets_no_conda_framework_as_a_cpu_build(tmp_path, name, cpu, cuda, remedy):
    url = _channel(tmp_path / "channel", [(name, cpu, 9), (name, cuda, 0)])
    with pytest.raises(LockstepError) as caught:
        _locked(tmp_path, url, name)
    assert str(caught.value) == (
        f"environment.yml:4:5: linux-64: {name} 1.0 {cpu} is a CPU build, but a100 has a GPU with CUDA 12.2; "
        f"require a CUDA build: '{remedy}', or allow it: --allow-cpu, or cpu-allow = [\"{name}\"] in the settings"
    )


@pytest.mark.parametrize(("name", "cpu", "cuda", "remedy"), CONDA)
def test_a_cuda_build_or_an_allowed_cpu_build_is_locked(tmp_path, name, cpu, cuda, remedy):
    url = _channel(tmp_path / "channel", [(name, cpu, 9), (name, cuda, 0)])
    for entry, settings, build in (
        (remedy, {}, cuda),
        (name, {"cpu_allow": None}, cpu),
        (name, {"cpu_allow": (name,)}, cpu),
        (name, {"machines": (DeclaredMachine("login", "linux-64"),)}, cpu),
    ):
        lock = _locked(tmp_path, url, entry, **settings)
        assert lock.platforms["linux-64"]["conda", name].build == build


@pytest.mark.parametrize("name", ["libarrow", "pyarrow-core", "libparquet", "libhwloc", "ucx", "openmpi"])
def test_a_library_whose_cpu_build_is_normal_is_locked(tmp_path, name):
    url = _channel(tmp_path / "channel", [(name, "h1234567_9_cpu", 9), (name, "h1234567_0_cuda", 0)])
    assert _locked(tmp_path, url, name)


def test_a_package_without_cuda_builds_in_its_release_is_locked(tmp_path):
    url = _channel(tmp_path / "channel", [("newnet", "py312h1234567_0", 0), ("other", "cuda126_0", 0)])
    assert _locked(tmp_path, url, "newnet")


@pytest.mark.parametrize(
    ("entries", "is_minor"),
    [(("app",), True), (("app", "newnet"), False)],
)
def test_an_unlisted_package_is_refused_if_an_entry_names_it_else_reported(tmp_path, entries, is_minor):
    package = Package("conda", "newnet", "1.0", "py312_0")
    lock = _lock("linux-64", package, Package("conda", "app", "1.0", "0"))
    text = "channels: [x]\ndependencies:\n" + "".join(f"  - {entry}\n" for entry in entries)
    (build,) = _builds(lock, text, {package: "*cuda*"})
    assert build.contradicts != is_minor


@pytest.mark.parametrize(("platform", "package", "remedy"), PIP)
def test_a_gpu_machine_gets_no_wheel_as_a_cpu_build(platform, package, remedy):
    name = package.split()[0]
    lock = _lock(platform, _wheel(package))
    (build,) = _builds(lock, _pip_text(name))
    assert build.contradicts
    assert build.what == f"{platform}: {package} is a CPU build, but a100 has a GPU with CUDA 12.2"
    assert remedy in build.remedy


@pytest.mark.parametrize(("platform", "packages"), PIP_WITH_CUDA)
def test_a_wheel_with_cuda_is_not_reported(platform, packages):
    lock = _lock(platform, *map(_wheel, packages))
    assert not _builds(lock, _pip_text(packages[0].split()[0]))


def test_a_torch_that_depends_on_nvidias_wheels_is_a_cuda_build_on_any_platform():
    torch = _wheel("torch 2.11.0")._replace(depends=("nvidia-cudnn-cu13",))
    assert not _builds(_lock("linux-aarch64", torch), _pip_text("torch"))


@pytest.mark.parametrize(
    ("torch", "vision", "is_reported"),
    [
        ("torch 2.15.0", "torchvision 0.30.0", False),
        ("torch 2.15.0+cu130", "torchvision 0.30.0", True),
        ("torch 2.15.0", "torchvision 0.30.0+cpu", True),
    ],
)
@pytest.mark.parametrize("platform", ["linux-aarch64", "win-64"])
def test_a_wheel_beside_a_torch_of_its_index_is_built_for_the_same_device(
    platform, torch, vision, is_reported
):
    """PyPI's aarch64 wheels of torch 2.11 and later have CUDA; so have those of torchvision and torchaudio."""
    lock = _lock(platform, _wheel(torch)._replace(depends=("nvidia-nccl-cu13",)), _wheel(vision))
    assert bool(_builds(lock, _pip_text("torch", "torchvision"))) == is_reported


def test_a_torchvision_beside_a_cpu_torch_is_a_cpu_build_too():
    lock = _lock("linux-aarch64", _wheel("torch 2.10.0"), _wheel("torchvision 0.25.0"))
    (build,) = _builds(lock, _pip_text("torchvision"))
    assert build.name == "torchvision"


@pytest.mark.parametrize(
    "entries",
    [
        ("torch==2.9.1+cpu",),
        ("torch", "--index-url https://download.pytorch.org/whl/cpu"),
        ("torch", "--extra-index-url https://download.pytorch.org/whl/cpu/"),
    ],
)
def test_a_requested_cpu_wheel_is_not_reported(entries):
    assert not _builds(_lock("linux-64", _wheel("torch 2.9.1+cpu")), _pip_text(*entries))


def test_tensorflow_without_cuda_libraries_is_reported_and_not_refused():
    (build,) = _builds(_lock("linux-64", _wheel("tensorflow 2.20.0")), _pip_text("tensorflow"))
    assert not build.contradicts
    assert str(build) == (
        "linux-64: tensorflow 2.20.0 has no CUDA libraries locked with it, but a100 has a GPU with CUDA 12.2; "
        "require CUDA: 'tensorflow[and-cuda]'"
    )


def _wheel(text: str) -> Package:
    name, version = text.split()
    return Package("pip", name, version)


def _lock(platform: str, *packages: Package) -> Lock:
    metadata = {f"{platform}.machine": "__cuda=12.2", f"{platform}.machines": "a100"}
    return Lock({platform: PackageSet.of(packages)}, metadata=metadata)


def _pip_text(*entries: str) -> str:
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return f"channels: [x]\ndependencies:\n  - python\n  - pip:\n{lines}"


def _builds(lock: Lock, text: str, by_siblings=None) -> list[CpuBuild]:
    requests = requests_of(parse(text, "environment.yml"), Mirrors({}, TRUSTED))
    return [*cpu_builds(lock, requests, (), by_siblings)]


def test_of_a_framework_the_package_that_the_file_requests_is_reported(tmp_path):
    packages = [("py-xgboost", "cpu_pyh1234567_4"), ("xgboost", "cpu_pyh1234567_4")]
    lock = _lock("linux-64", *(Package("conda", name, "1.0", build) for name, build in packages))
    (build,) = _builds(lock, "channels: [x]\ndependencies: [xgboost]\n")
    assert build.name == "xgboost"
    assert build.remedy == "require a CUDA build: 'xgboost=*=*cuda*'"
