"""Says so when a framework that could use a GPU was locked for the CPU, and nobody asked for that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.requested_spec import RequestedSpec

FRAMEWORKS: tuple[tuple[str, ...], ...] = (
    ("pytorch", "libtorch"),
    ("tensorflow", "tensorflow-base"),
    ("jaxlib",),
    ("cupy",),
    ("paddlepaddle",),
    ("mxnet",),
    ("xgboost", "libxgboost", "py-xgboost"),
)
"""Conda packages that have builds for CUDA and for the CPU, those of one framework together."""

_CPU_BUILD = re.compile(r"(?:^|_)cpu(?:_|$|py)")
_WANTS_CUDA = re.compile(r"cuda|cudnn|[_-]gpu(?![a-z])|=[^=]*gpu", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CpuBuild:
    """A framework whose build is for the CPU. ``cuda`` is what it was locked for, empty for no GPU.

    ``machines`` are the declared ones that it is for. ``asked`` is the entry of the file that asks for CUDA, if one
    does; ``entry`` is that of the framework itself, if it has one.
    """

    platform: str
    name: str
    package: str
    cuda: str
    machines: tuple[str, ...]
    asked: RequestedSpec | None
    entry: RequestedSpec | None

    @property
    def contradicts(self) -> bool:
        """Say whether somebody asked for CUDA: the file, or a machine that has a GPU."""
        return bool(self.cuda or self.asked)

    @property
    def what(self) -> str:
        """Return what is wrong, in one line."""
        reasons = [f"'{self.asked.text}' asks for CUDA"] if self.asked else []
        if self.machines and self.cuda:
            reasons.append(f"{', '.join(self.machines)} {_have(self.machines)} a GPU with CUDA {self.cuda}")
        elif self.cuda:
            reasons.append(f"--cuda {self.cuda} was given")
        what = f"{self.platform}: {self.package} is a build for the CPU"
        return f"{what}, though {' and '.join(reasons)}" if reasons else what

    @property
    def remedy(self) -> str:
        """Return what to do."""
        if not self.cuda:
            return "for a GPU machine, lock with --cuda and the newest CUDA its driver supports (nvidia-smi)"
        return f"ask for a CUDA build: '{self.name}=*=*cuda*'"

    def __str__(self) -> str:
        """One line: what, and what to do."""
        return f"{self.what}; {self.remedy}"


def cpu_builds(lock: Lock, wanted: Sequence[RequestedSpec]) -> Iterator[CpuBuild]:
    """Yield the frameworks that ended up as CPU builds, but for the machines that are declared to have no GPU."""
    asked = next((entry for entry in wanted if _WANTS_CUDA.search(entry.text)), None)
    for platform, packages in sorted(lock.platforms.items()):
        if platform.startswith("osx-"):
            continue
        facts = metadata.machine_of(lock, platform)
        cuda = next((fact.version for fact in facts if fact.name == "__cuda"), "")
        names = metadata.machines_of(lock, platform)
        if names and not cuda:
            continue
        for family in FRAMEWORKS:
            held = (packages.get(("conda", name)) for name in family)
            package = next((each for each in held if each and _CPU_BUILD.search(each.build)), None)
            if package is not None and not any(_wants_cpu(entry, family) for entry in wanted):
                entry = next((entry for entry in wanted if entry.name in family), None)
                yield CpuBuild(platform, package.name, str(package), cuda, names, asked, entry)


def refuse_cpu_builds(
    locks: Iterable[Lock], wanted: Sequence[RequestedSpec], file: EnvironmentFile, allow: Sequence[str] | None
) -> None:
    """Refuse a CPU build where somebody asked for CUDA; ``allow`` names exceptions, None allows any.

    Raises ``LockstepError`` with the place of the entry that asks.
    """
    for lock in locks:
        for build in cpu_builds(lock, wanted):
            if build.contradicts and allow is not None and build.name not in allow:
                entry = build.asked or build.entry
                where = entry.where if entry else file.path
                remedy = f'{build.remedy}, or allow it: --allow-cpu, or cpu-allow = ["{build.name}"] in the settings'
                raise LockstepError(build.what, where=where, remedy=remedy)


def _wants_cpu(entry: RequestedSpec, family: Sequence[str]) -> bool:
    """Say whether an entry asks for a framework's CPU build: ``cpuonly``, ``pytorch-cpu``, ``pytorch=*=cpu*``."""
    if entry.name == "cpuonly":
        return "pytorch" in family
    return "cpu" in entry.text.lower() and any(name in entry.name for name in family)


def _have(machines: Sequence[str]) -> str:
    return "has" if len(machines) == 1 else "have"
