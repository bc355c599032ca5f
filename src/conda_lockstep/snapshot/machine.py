"""The machine that an environment stands on: kernel, glibc, and what NVIDIA's driver says of itself.

Asked in this order: NVIDIA's libraries by ctypes, then ``/proc``. A driver that is wedged may never answer, so
it is asked in a thread that is given up on.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.snapshot.model import Gpu, Machine

if TYPE_CHECKING:  # a lock that requires no driver needs none of it
    import ctypes

ANSWER_WITHIN = 10.0
"""Seconds that the driver has to answer; a GPU that is waking up takes two or three."""

_KERNEL_MODULE = Path("/proc/driver/nvidia/version")
_CPU_INFO = Path("/proc/cpuinfo")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Driver:
    """What NVIDIA's user libraries answer; empty where they are not there or fail."""

    version: str = ""
    cuda: str = ""
    gpus: tuple[Gpu, ...] = ()


def detect() -> Machine:
    """Describe this machine. Never fails: what cannot be found out is empty, or said in ``notes``."""
    driver = _within(ANSWER_WITHIN, _ask_driver)
    module = _kernel_module()
    glibc = _glibc()
    uname = platform.uname()
    notes = _notes(driver, module)
    driver = driver or Driver()
    return Machine(
        platform=this_platform(),
        arch=uname.machine,
        kernel=f"{uname.system} {uname.release}",
        glibc=glibc,
        driver=driver.version,
        kernel_module=module,
        cuda=driver.cuda,
        gpus=driver.gpus,
        virtual_packages=tuple(_virtual_packages(uname.release, glibc, driver.cuda)),
        notes=tuple(notes),
    )


def virtual_packages(*, cuda: bool = True) -> tuple[str, ...]:
    """Return this machine's virtual packages, spelled as ``conda info`` does: ``__glibc=2.31=0``.

    Without ``cuda``, the driver is not queried. A driver that does not answer counts as absent.
    """
    newest = (_within(ANSWER_WITHIN, _newest_cuda) if cuda else "") or ""
    return tuple(_virtual_packages(platform.release(), _glibc(), newest))


def _within(seconds: float, ask: Callable[[], _T]) -> _T | None:
    """Return what a function returns, None where it does not return in time."""
    answers: list[_T] = []
    thread = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


def _ask_driver() -> Driver:
    try:
        version, gpus = _ask_nvml()
        return Driver(version, _newest_cuda(), gpus)
    except (AttributeError, OSError):  # a library of another age lacks a function
        return Driver()


def _newest_cuda() -> str:
    """Return the newest CUDA that the driver supports, by ``cuDriverGetVersion``: 12040 is 12.4."""
    import ctypes

    library = _library("libcuda.so.1", "nvcuda.dll")
    number = ctypes.c_int()
    if library is None or library.cuDriverGetVersion(ctypes.byref(number)) != 0 or number.value <= 0:
        return ""
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _ask_nvml() -> tuple[str, tuple[Gpu, ...]]:
    """Return the driver's version and the GPUs, by NVML."""
    import ctypes

    nvml = _library("libnvidia-ml.so.1", "nvml.dll")
    if nvml is None or nvml.nvmlInit_v2() != 0:
        return "", ()
    try:
        version = ctypes.create_string_buffer(96)
        if nvml.nvmlSystemGetDriverVersion(version, len(version)) != 0:
            version.value = b""
        count = ctypes.c_uint()
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            count.value = 0
        return _decoded(version.value), tuple(_gpu(nvml, index) for index in range(count.value))
    finally:
        nvml.nvmlShutdown()


def _gpu(nvml: ctypes.CDLL, index: int) -> Gpu:
    import ctypes

    handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(96)
    memory = (ctypes.c_ulonglong * 3)()  # nvmlMemory_t: total, free and used bytes
    major, minor = ctypes.c_int(), ctypes.c_int()
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) != 0:
        return Gpu(f"GPU {index} does not answer", "", 0)
    nvml.nvmlDeviceGetName(handle, name, len(name))
    nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
    known = nvml.nvmlDeviceGetCudaComputeCapability(handle, ctypes.byref(major), ctypes.byref(minor)) == 0
    return Gpu(_decoded(name.value), f"{major.value}.{minor.value}" if known else "", int(memory[0]) >> 20)


def _library(*names: str) -> ctypes.CDLL | None:
    import ctypes

    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _kernel_module() -> str:
    """Return the version of NVIDIA's loaded kernel module, as ``/proc`` shows it."""
    match = re.search(r"Kernel Module\b.*?\s(\d+(?:\.\d+)+)", _read(_KERNEL_MODULE))
    return match[1] if match else ""


def _notes(driver: Driver | None, module: str) -> Iterator[str]:
    if driver is None:
        yield f"the NVIDIA driver did not answer within {ANSWER_WITHIN:.0f} seconds"
    elif driver.version and module and driver.version != module:
        yield f"NVIDIA's libraries are of driver {driver.version}, its kernel module is of {module}: reboot"
    elif module and not driver.cuda:
        yield f"NVIDIA's kernel module {module} is loaded, but libcuda.so.1 does not answer"
    elif not driver.cuda and Path("/dev/nvidia0").exists():
        yield "/dev/nvidia0 is there, but libcuda.so.1 does not answer"


def _glibc() -> str:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        return ""
    return version if name == "glibc" else ""


def _virtual_packages(release: str, glibc: str, cuda: str) -> Iterator[str]:
    """Yield the virtual packages in the order and spelling of ``conda info``."""
    if sys.platform == "win32":
        yield f"__win={platform.version()}=0"
    else:
        yield "__unix=0=0"
    if sys.platform == "darwin":
        yield f"__osx={platform.mac_ver()[0]}=0"
    elif sys.platform == "linux":
        version = re.match(r"\d+(?:\.\d+){1,3}", release)
        yield f"__linux={version[0] if version else '0'}=0"
    if glibc:
        yield f"__glibc={glibc}=0"
    if cuda:
        yield f"__cuda={cuda}=0"
    yield f"__archspec=1={_microarchitecture()}"


_LEVELS = (
    ("x86_64_v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86_64_v3", "avx avx2 bmi1 bmi2 f16c fma movbe xsave"),
    ("x86_64_v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)
"""The levels of the x86-64 psABI, each on top of the one before, and what the kernel calls their flags."""


def _microarchitecture() -> str:
    """Return the level of an x86-64 processor, the architecture of any other."""
    arch = platform.machine().lower()
    if arch not in ("x86_64", "amd64"):
        return arch
    found = re.search(r"^flags\s*:(.*)$", _read(_CPU_INFO), re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    reached = "x86_64"
    for level, needed in _LEVELS:
        if not flags.issuperset(needed.split()):
            break
        reached = level
    return reached


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
