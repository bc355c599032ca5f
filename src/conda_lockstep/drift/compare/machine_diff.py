"""Compares two machines: the driver, the GPUs, and the parts of the system that compiled code depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conda_lockstep.drift.model import DriftClass
from conda_lockstep.drift.report import Row, Severity
from conda_lockstep.snapshot.model import Gpu, Machine

_WHY: dict[str, tuple[Severity, str]] = {
    "gpus": (
        "high",
        "a job on both fails, or waits for the slower one",
    ),
    "driver": (
        "high",
        "other kernels are compiled at run time, and NCCL between two driver versions is untested",
    ),
    "kernel module": (
        "high",
        "it does not match the driver's libraries: reload it, or restart the machine",
    ),
    "processor level": ("medium", "code for the newer one fails with an illegal instruction on the other"),
    "glibc": ("medium", "wheels are selected by it, and extensions are compiled against it"),
}
_ARCHSPEC = "__archspec="


def machine_rows(old: Machine, new: Machine) -> Iterator[Row]:
    """Yield a row for each fact that differs; a fact that one side does not record is empty there."""
    before, after = compared_values(old), compared_values(new)
    for fact, (severity, why) in _WHY.items():
        if before[fact] != after[fact]:
            yield Row(fact, "machine", (DriftClass.MACHINE.value,), severity, before[fact], after[fact], why)


def compared_values(machine: Machine) -> dict[str, str]:
    """Return the facts of a machine that are compared, as text; empty if unknown or absent.

    The kernel module is included only if it does not match the driver's libraries; the driver is shown with the CUDA
    version that it supports.
    """
    module = machine.kernel_module if machine.kernel_module != machine.driver else ""
    levels = [each.split("=")[-1] for each in machine.virtual_packages if each.startswith(_ARCHSPEC)]
    cuda = f" (CUDA {machine.cuda})" if machine.cuda else ""
    return {
        "gpus": _gpus(machine.gpus),
        "driver": f"{machine.driver}{cuda}" if machine.driver else "",
        "kernel module": module,
        "processor level": " ".join(levels),
        "glibc": machine.glibc,
    }


def _gpus(gpus: tuple[Gpu, ...]) -> str:
    counted = Counter(gpu.name.removeprefix("NVIDIA ") for gpu in gpus)
    return ", ".join(f"{number} × {name}" for name, number in sorted(counted.items()))
