"""The machine is described as conda describes it, with a GPU, without one, and with one that hangs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rattler import VirtualPackage

from conda_lockstep.snapshot import machine

DRIVER = """
typedef struct { unsigned long long total, free, used; } memory_t;
static void put(char *to, const char *from) { while ((*to++ = *from++)); }
int cuDriverGetVersion(int *version) { *version = 12040; return 0; }
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *to, unsigned length) { put(to, "550.54.15"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *)(unsigned long)(index + 1);
  return index;
}
int nvmlDeviceGetName(void *device, char *to, unsigned length) { put(to, "NVIDIA H200"); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) { memory->total = 150754820096ULL; return 0; }
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) { *major = 9; *minor = 0; return 0; }
"""
DETECT = """
import json
from conda_lockstep.snapshot import machine, snapshot_json
print(json.dumps(snapshot_json.machine_json(machine.detect())))
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Libraries that answer as NVIDIA's do: the second GPU fails."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / name, folder / "driver.c"], check=True)
    return folder


def test_virtual_packages_are_those_that_rattler_detects() -> None:
    theirs = {str(package.into_generic()) for package in VirtualPackage.detect()}
    ours = machine.detect().virtual_packages
    assert {package for package in theirs if "__archspec" not in package} == {
        package for package in ours if "__archspec" not in package
    }


def test_a_driver_is_asked_for_its_version_cuda_and_gpus(libraries: Path) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)}
    found = json.loads(subprocess.check_output([sys.executable, "-c", DETECT], env=environment))
    assert (found["driver"], found["cuda"]) == ("550.54.15", "12.4")
    assert "__cuda=12.4=0" in found["virtual_packages"]
    assert found["gpus"] == [
        {"name": "NVIDIA H200", "compute_capability": "9.0", "memory_mib": 143771},
        {"name": "GPU 1 does not answer", "compute_capability": "", "memory_mib": 0},
    ]


def test_a_driver_of_another_age_that_lacks_functions_is_no_crash(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    (tmp_path / "empty.c").write_text("int nothing;")
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", tmp_path / name, tmp_path / "empty.c"], check=True
        )
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    found = json.loads(subprocess.check_output([sys.executable, "-c", DETECT], env=environment))
    assert (found["driver"], found["cuda"], found["gpus"]) == ("", "", [])


def test_a_driver_that_hangs_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(machine, "_ask_driver", released.wait)
    monkeypatch.setattr(machine, "ANSWER_WITHIN", 0.1)
    started = time.monotonic()
    found = machine.detect()
    released.set()
    assert time.monotonic() - started < 5
    assert found.driver == ""
    assert found.notes == ("the NVIDIA driver did not answer within 0 seconds",)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC\nGCC",
            "535.104.05",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (x@y)  Tue Mar",
            "550.54.15",
        ),
        ("", ""),
    ],
)
def test_the_kernel_modules_version_is_read_from_proc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, version: str
) -> None:
    (tmp_path / "version").write_text(text)
    monkeypatch.setattr(machine, "_KERNEL_MODULE", tmp_path / "version")
    monkeypatch.setattr(
        machine,
        "_ask_driver",
        lambda: machine.Driver("550.54.15" if version else "", "12.4" if version else ""),
    )
    found = machine.detect()
    assert found.kernel_module == version
    assert bool(found.notes) == (version == "535.104.05")


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("fpu vme", "x86_64"),
        ("cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3", "x86_64_v2"),
        ("cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma movbe xsave", "x86_64_v3"),
        ("avx avx2 bmi1 bmi2 f16c fma movbe xsave", "x86_64"),
    ],
)
def test_a_level_of_x86_64_needs_all_levels_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, level: str
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n")
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine.platform, "machine", lambda: "x86_64")
    assert f"__archspec=1={level}" in machine.detect().virtual_packages
