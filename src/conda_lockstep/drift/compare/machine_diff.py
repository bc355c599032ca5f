"""What differs between two machines: the driver, the GPUs, and what compiled code stands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conda_lockstep.drift.model import DriftClass
from conda_lockstep.drift.report import Row, Severity
from conda_lockstep.snapshot.model import Gpu, Machine

_WHY: dict[str, tuple[Severity, str]] = {
    "gpus": (
        "high",
        "a job over both ends, or waits for the slower one: other GPUs, or another number of them",
    ),
    "driver": (
        "high",
        "other kernels are compiled as the job runs, and NCCL between two drivers is nobody's test",
    ),
    "kernel module": (
        "high",
        "it is older or newer than its libraries expect: reload it, or restart the machine",
    ),
    "processor level": ("medium", "code for the newer one ends with an illegal instruction on the other"),
    "glibc": ("medium", "wheels are chosen by it, and extensions are compiled against it"),
}
_ARCHSPEC = "__archspec="


def machine_rows(old: Machine, new: Machine) -> Iterator[Row]:
    """Yield a row for each fact that differs; a fact that one side does not know is empty there."""
    before, after = facts(old), facts(new)
    for fact, (severity, why) in _WHY.items():
        if before[fact] != after[fact]:
            yield Row(fact, "machine", (DriftClass.MACHINE.value,), severity, before[fact], after[fact], why)


def facts(machine: Machine) -> dict[str, str]:
    """Return what is compared of a machine, in words, and empty where it is not known or not there.

    The kernel module counts where it is not its libraries' own; the driver is named with the CUDA that it supports.
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
