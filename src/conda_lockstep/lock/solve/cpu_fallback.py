"""Reports a framework that was locked as a CPU build although nothing in the file requests one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from conda_lockstep.conda.build_variants import Framework, device_of, frameworks
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package

_REQUIRES_CUDA = re.compile(r"cuda|cudnn|[_-]gpu(?![a-z])|=[^=]*gpu", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CpuBuild:
    """A framework that was locked as a CPU build. ``cuda`` is the version it was locked for, empty for no GPU.

    ``machines`` are the declared machines it is for. ``request`` is the entry of the file that requires CUDA and
    ``entry`` the framework's own, each None where the file has none. ``pattern`` matches the CUDA builds.
    """

    platform: str
    name: str
    package: str
    cuda: str
    machines: tuple[str, ...]
    request: RequestedSpec | None
    entry: RequestedSpec | None
    pattern: str = "*cuda*"

    @property
    def contradicts(self) -> bool:
        """Return whether the file, or a machine with a GPU, requires CUDA."""
        return bool(self.cuda or self.request)

    @property
    def what(self) -> str:
        """Return what is wrong, in one line."""
        reasons = [f"'{self.request.text}' requires CUDA"] if self.request else []
        if self.machines and self.cuda:
            reasons.append(f"{', '.join(self.machines)} {_have(self.machines)} a GPU with CUDA {self.cuda}")
        elif self.cuda:
            reasons.append(f"--cuda {self.cuda} was given")
        what = f"{self.platform}: {self.package} is a CPU build"
        return f"{what}, but {' and '.join(reasons)}" if reasons else what

    @property
    def remedy(self) -> str:
        """Return what to do."""
        if not self.cuda:
            return "for a GPU machine, lock with --cuda and the newest CUDA its driver supports (nvidia-smi)"
        return f"require a CUDA build: '{self.name}=*={self.pattern}'"

    def __str__(self) -> str:
        """One line: what, and what to do."""
        return f"{self.what}; {self.remedy}"


def cpu_builds(lock: Lock, requested: Sequence[RequestedSpec]) -> Iterator[CpuBuild]:
    """Yield the frameworks that were locked as CPU builds, except for machines that are declared without a GPU."""
    request = next((entry for entry in requested if _REQUIRES_CUDA.search(entry.text)), None)
    for platform, packages in sorted(lock.platforms.items()):
        if platform.startswith("osx-"):
            continue
        machine = metadata.machine_of(lock, platform)
        cuda = next((virtual.version for virtual in machine if virtual.name == "__cuda"), "")
        machines = metadata.machines_of(lock, platform)
        if machines and not cuda:
            continue
        for family in _families():
            held = (packages.get((each.manager, each.name)) for each in family)
            package = next((each for each in held if each and device_of(each, platform) == "cpu"), None)
            if package is not None and not any(_requests_cpu(entry, family) for entry in requested):
                names = {each.name for each in family}
                entry = next((entry for entry in requested if entry.name in names), None)
                pattern = _cuda_pattern(package)
                yield CpuBuild(platform, package.name, str(package), cuda, machines, request, entry, pattern)


def refuse_cpu_builds(
    locks: Iterable[Lock],
    requested: Sequence[RequestedSpec],
    file: EnvironmentFile,
    allow: Sequence[str] | None,
) -> None:
    """Refuse a CPU build where CUDA is required; ``allow`` names exceptions, None allows any.

    Raises ``LockstepError`` at the entry that requires CUDA.
    """
    for lock in locks:
        for build in cpu_builds(lock, requested):
            if build.contradicts and allow is not None and build.name not in allow:
                entry = build.request or build.entry
                where = entry.where if entry else file.path
                remedy = f'{build.remedy}, or allow it: --allow-cpu, or cpu-allow = ["{build.name}"] in the settings'
                raise LockstepError(build.what, where=where, remedy=remedy)


@cache
def _families() -> tuple[tuple[Framework, ...], ...]:
    """Return the conda packages of ``data/frameworks.txt``, those of one framework together."""
    families: dict[str, list[Framework]] = {}
    for each in frameworks().values():
        if each.manager == "conda":
            families.setdefault(each.framework, []).append(each)
    return tuple(map(tuple, families.values()))


def _requests_cpu(entry: RequestedSpec, family: Sequence[Framework]) -> bool:
    """Return whether an entry requests a framework's CPU build: ``cpuonly``, ``pytorch-cpu``, ``pytorch=*=cpu*``."""
    text = entry.text.lower()
    return any(
        entry.name in each.without
        or (each.name in entry.name and any(mark in text for mark in ("cpu", *each.cpu_marks)))
        for each in family
    )


def _cuda_pattern(package: Package) -> str:
    """Return a pattern of a framework's CUDA builds: Anaconda's own channels mark most of them with ``gpu``."""
    return "gpu_*" if "/pkgs/" in package.channel and package.name != "jaxlib" else "*cuda*"


def _have(machines: Sequence[str]) -> str:
    return "has" if len(machines) == 1 else "have"
