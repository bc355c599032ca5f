"""CPU builds: refused where CUDA is required, reported where they may be an oversight."""

from __future__ import annotations

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.device_entries import requests_of
from conda_lockstep.lock.solve.cpu_fallback import cpu_builds
from conda_lockstep.lock.solve.device_requests import DeviceRequests
from conda_lockstep.packages import Package, PackageSet

A100 = DeclaredMachine("a100", "linux-64", driver="535.104.05")


def _text(entries, channels="[pytorch, nvidia, conda-forge]") -> str:
    return f"channels: {channels}\ndependencies:\n" + "".join(f"  - {entry}\n" for entry in entries)


@pytest.mark.parametrize(
    ("entries", "channels", "said"),
    [
        (
            ["pytorch", "pytorch-cuda=11.8"],
            "[pytorch, nvidia, conda-forge]",
            "pytorch 2.3.1 py3.11_cpu_0 is a CPU build, but 'pytorch-cuda=11.8' requires CUDA",
        ),
        (
            ["pytorch", "cudatoolkit=11.8"],
            "[conda-forge]",
            "pytorch 2.10.0 cpu_mkl_py314_hf472749_104 is a CPU build, but 'cudatoolkit=11.8' requires CUDA",
        ),
    ],
)
@pytest.mark.parametrize("given", [{"machines": (A100,)}, {"cuda": "12.2"}, {}])
def test_the_traps_of_two_channels_are_errors(locking, entries, channels, said, given):
    with pytest.raises(LockstepError) as caught:
        locking(_text(entries, channels), **given)
    told = str(caught.value)
    assert told.startswith(f"environment.yml:4:5: linux-64: {said}")
    who = "a100 has a GPU with CUDA 12.2" if "machines" in given else "--cuda 12.2 was given"
    assert (who in told) == bool(given)
    assert told.endswith('or allow it: --allow-cpu, or cpu-allow = ["pytorch"] in the settings')


@pytest.mark.parametrize("allow", [("pytorch",), None])
def test_a_cpu_build_may_be_allowed(locking, allow):
    lock = locking(_text(["pytorch", "pytorch-cuda=11.8"]), machines=(A100,), cpu_allow=allow)
    assert "cpu" in lock.platforms["linux-64"]["conda", "pytorch"].build


def test_an_allowance_is_for_the_package_that_it_names(locking):
    with pytest.raises(LockstepError, match=r"pytorch .* is a CPU build"):
        locking(_text(["pytorch", "pytorch-cuda=11.8"]), machines=(A100,), cpu_allow=("xgboost",))


def test_a_driver_that_no_build_is_for_any_more_is_an_error(locking):
    old = DeclaredMachine("v100", "linux-64", driver="470.82.01")
    with pytest.raises(
        LockstepError, match=r"^environment.yml:3:5: linux-64: pytorch .*v100 has a GPU with CUDA 11.4"
    ):
        locking(_text(["pytorch>=2.5", "python=3.12"], "[conda-forge]"), machines=(old,))


@pytest.mark.parametrize(
    ("entries", "given", "spoken_of"),
    [
        (["conda-forge::pytorch", "python=3.12"], {}, True),
        (["conda-forge::pytorch", "python=3.12"], {"cuda": "12.9"}, False),
        (["conda-forge::pytorch=*=cpu*", "python=3.12"], {"cuda": "12.9"}, False),
        (
            ["conda-forge::pytorch", "python=3.12"],
            {"machines": (DeclaredMachine("login", "linux-64"),)},
            False,
        ),
        (["zlib"], {}, False),
    ],
)
def test_what_may_be_an_oversight_is_spoken_of(locking, entries, given, spoken_of):
    text = _text(entries)
    found = _spoken_of(locking(text, **given), text)
    assert len(found) == spoken_of
    for told in found:
        assert told.startswith("linux-64: pytorch ")
        assert told.endswith("lock with --cuda and the newest CUDA its driver supports (nvidia-smi)")


@pytest.mark.parametrize(
    ("entries", "spoken_of"),
    [
        (["pytorch", "cpuonly"], False),
        (["pytorch", "pytorch-cpu"], False),
        (["pytorch", "libtorch=*=cpu*"], False),
        # 'cpu' in the name of something else is no wish for a build
        (["pytorch", "py-cpuinfo"], True),
        (["pytorch", "faiss-cpu"], True),
    ],
)
def test_a_wish_for_the_cpu_is_one_for_that_framework(locking, entries, spoken_of):
    lock = locking(_text(["conda-forge::pytorch=*=cpu*", "python=3.12"]))
    assert bool(_spoken_of(lock, _text(entries))) == spoken_of


def _spoken_of(lock, text: str) -> list[str]:
    return [str(build) for build in cpu_builds(lock, _requests(text))]


def _requests(text: str) -> DeviceRequests:
    return requests_of(parse(text, "environment.yml"), Mirrors({}, TRUSTED))


@pytest.mark.parametrize(
    ("name", "build", "channel", "remedy"),
    [
        ("libfaiss", "h1234567_0_cpu", "conda-forge", "libfaiss=*=*cuda*"),
        ("tensorflow-base", "mkl_py39h1234567_0", "main", "tensorflow-base=*=gpu_*"),
        ("tensorflow", "eigen_py39h1234567_0", "main", "tensorflow=*=gpu_*"),
        ("onnxruntime", "py312h1234567_0_cpu", "conda-forge", "onnxruntime=*=*cuda*"),
        ("lightgbm", "py312h1234567_2", "conda-forge", "lightgbm=*=*cuda*"),
        ("dgl", "py39h1234567_0", "conda-forge", "dgl=*=*cuda*"),
        ("ctranslate2", "cpu_py312h1234567_0", "conda-forge", "ctranslate2=*=*cuda*"),
        ("jaxlib", "py312h1234567_0", "main", "jaxlib=*=*cuda*"),
        ("pytorch-cpu", "py27_cpu_1", "pytorch", ""),
        ("onnxruntime", "py312h1234567_200_cuda", "conda-forge", ""),
        ("tensorflow", "gpu_py39h1234567_0", "main", ""),
        ("libblas", "8_mkl", "conda-forge", ""),
        ("libarrow", "h773bc41_4_cpu", "conda-forge", ""),
    ],
)
def test_a_framework_on_a_gpu_machine_is_never_a_cpu_build_in_silence(name, build, channel, remedy):
    folder = "https://repo.anaconda.com/pkgs" if channel == "main" else "https://conda.anaconda.org"
    package = Package("conda", name, "1.0", build, "linux-64", f"{folder}/{channel}")
    lock = _gpu_lock(package)
    assert [build.remedy for build in cpu_builds(lock, DeviceRequests())] == (
        [f"require a CUDA build: '{remedy}'"] if remedy else []
    )


@pytest.mark.parametrize(
    "entry", ["tensorflow=2.4=mkl_py39*", "tensorflow-mkl", "tensorflow-eigen", "tensorflow=*=*cpu*"]
)
def test_a_requested_cpu_build_of_tensorflow_is_not_reported(entry):
    lock = _gpu_lock(Package("conda", "tensorflow", "2.4", "mkl_py39h1234567_0", "linux-64"))
    assert not _spoken_of(lock, _text([entry]))


def _gpu_lock(*packages: Package) -> Lock:
    metadata = {"linux-64.machine": "__cuda=12.4", "linux-64.machines": "a100"}
    return Lock({"linux-64": PackageSet.of(packages)}, metadata=metadata)
