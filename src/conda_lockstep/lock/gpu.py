"""Says so when a framework that could use a GPU was locked for the CPU, and nobody asked for that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.lock.metadata import machine_of
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.wanted import Wanted

FRAMEWORKS = (
    "pytorch",
    "tensorflow",
    "jaxlib",
    "cupy",
    "paddlepaddle",
    "mxnet",
    "libtorch",
    "xgboost",
    "libxgboost",
)
"""Conda packages that have builds for CUDA and for the CPU; of those in one lock, the first is spoken of."""

_CPU_BUILD = re.compile(r"(?:^|_)cpu(?:_|$|py)")
_WANTS_CPU = re.compile(r"cpu", re.IGNORECASE)
_WANTS_CUDA = re.compile(r"cuda|cudnn|(?:^|[_-])gpu", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CpuBuild:
    """A framework whose build is for the CPU. ``cuda`` is what the lock was made for, empty for no GPU.

    ``asked`` is the entry of the file that asks for CUDA, if one does.
    """

    platform: str
    package: str
    cuda: str
    asked: Wanted | None

    def __str__(self) -> str:
        """One line: what, and what to do."""
        what = f"{self.platform}: {self.package} is a build for the CPU"
        if self.asked:
            what += f", though '{self.asked.text}' ({self.asked.where}) asks for CUDA"
        if not self.cuda:
            return f"{what}; for a GPU machine, lock with --cuda and the newest CUDA its driver supports (nvidia-smi)"
        name = self.package.partition(" ")[0]
        return f"{what}, though --cuda {self.cuda} was given; ask for a CUDA build: '{name}=*=*cuda*'"


def cpu_builds(lock: Lock, wanted: Sequence[Wanted]) -> Iterator[CpuBuild]:
    """Yield the frameworks that ended up as CPU builds without a wish for one, at most one per platform."""
    if any(_WANTS_CPU.search(entry.text) for entry in wanted):
        return
    asked = next((entry for entry in wanted if _WANTS_CUDA.search(entry.text)), None)
    for platform, packages in sorted(lock.platforms.items()):
        if platform.startswith("osx-"):
            continue
        cuda = next((fact.version for fact in machine_of(lock, platform) if fact.name == "__cuda"), "")
        for name in FRAMEWORKS:
            package = packages.get(("conda", name))
            if package is not None and _CPU_BUILD.search(package.build):
                yield CpuBuild(platform, str(package), cuda, asked)
                break
