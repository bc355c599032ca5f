"""Reports a framework that was locked as a CPU build although the file, or a machine's GPU, requires CUDA."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from conda_lockstep.conda.build_variants import CPU_SELECTORS, Framework, device_of, frameworks
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.cuda_remedy import conda_remedy, pip_remedy
from conda_lockstep.lock.solve.device_requests import DeviceRequests, Entry
from conda_lockstep.lock.solve.machines import cuda_of
from conda_lockstep.packages import Key, Manager, Package, PackageSet

_UNUSED_GPU = ("osx-",)
"""Platforms that have no CUDA."""


class MachineGpu(NamedTuple):
    """The GPU of a machine: the machine's name, empty if none is declared, and the newest CUDA that its driver runs."""

    machine: str
    cuda: str


@dataclass(frozen=True, slots=True)
class CpuBuild:
    """A framework that was locked as a CPU build.

    ``gpus`` are those of the machines that it was locked for. ``request`` is the entry of the file that requires CUDA
    and ``entry`` the framework's own, each None where the file has none. ``is_minor`` is set for a package that CPUs
    run well and that no entry names. ``lacks_libraries`` is set for a wheel with GPU code and without CUDA's libraries.
    """

    platform: str
    package: Package
    gpus: tuple[MachineGpu, ...]
    request: Entry | None
    entry: Entry | None
    remedy: str
    is_minor: bool = False
    lacks_libraries: bool = False

    @property
    def name(self) -> str:
        """Return the package's name."""
        return self.package.name

    @property
    def contradicts(self) -> bool:
        """Return whether the file, or a machine with a GPU, requires CUDA."""
        return bool(self.gpus or self.request) and not (self.is_minor or self.lacks_libraries)

    @property
    def what(self) -> str:
        """Return what is wrong, in one line."""
        reasons = [f"'{self.request.text}' requires CUDA"] if self.request else []
        by_cuda: dict[str, list[str]] = {}
        for gpu in self.gpus:
            by_cuda.setdefault(gpu.cuda, []).append(gpu.machine)
        for cuda, machines in by_cuda.items():
            have = "has" if len(machines) == 1 else "have"
            named = [machine for machine in machines if machine]
            reasons.append(
                f"{', '.join(named)} {have} a GPU with CUDA {cuda}" if named else f"--cuda {cuda} was given"
            )
        fault = "has no CUDA libraries locked with it" if self.lacks_libraries else "is a CPU build"
        what = f"{self.platform}: {self.package} {fault}"
        return f"{what}, but {' and '.join(reasons)}" if reasons else what

    def __str__(self) -> str:
        """One line: what, and what to do."""
        return f"{self.what}; {self.remedy}"


def cpu_builds(
    lock: Lock,
    requests: DeviceRequests,
    machines: Sequence[DeclaredMachine] = (),
    by_siblings: Mapping[Package, str] | None = None,
) -> Iterator[CpuBuild]:
    """Yield the frameworks of a lock that are CPU builds, except for machines that are declared without a GPU.

    ``machines`` are the declared ones: each is judged by its own driver. ``by_siblings`` has the packages that are
    known as CPU builds by the other builds of their release, each with a pattern of its CUDA builds.
    """
    for platform, packages in sorted(lock.platforms.items()):
        gpus = gpus_of(lock, platform, machines)
        if gpus or not metadata.machines_of(lock, platform):
            yield from builds_of(platform, packages, gpus, requests, by_siblings or {})


def gpus_of(lock: Lock, platform: str, machines: Iterable[DeclaredMachine]) -> tuple[MachineGpu, ...]:
    """Return the GPUs that a platform of a lock is for; a machine that is not declared has what the lock records."""
    declared = {machine.name: machine for machine in machines if machine.platform == platform}
    recorded = next(
        (each.version for each in metadata.machine_of(lock, platform) if each.name == "__cuda"), ""
    )
    names = metadata.machines_of(lock, platform) or ("",)
    found = (MachineGpu(name, cuda_of(declared[name]) if name in declared else recorded) for name in names)
    return tuple(gpu for gpu in found if gpu.cuda)


def builds_of(
    platform: str,
    packages: PackageSet,
    gpus: tuple[MachineGpu, ...],
    requests: DeviceRequests,
    by_siblings: Mapping[Package, str],
) -> Iterator[CpuBuild]:
    """Yield the CPU builds among the packages of one platform; see :func:`cpu_builds`."""
    if platform.startswith(_UNUSED_GPU):
        return
    requested = {entry.name for entry in (*requests.conda, *requests.pip)}
    held = {_key(package): package for package in packages.values()}
    for family in (*_families(), *_unlisted(packages, by_siblings)):
        present = [held[key] for each in family if (key := (each.manager, each.name)) in held]
        # Of a framework's packages, the one that the file requests is reported.
        present.sort(key=lambda package: package.name not in requested)
        package = next((each for each in present if _is_cpu(each, platform, packages, by_siblings)), None)
        bare = next((each for each in present if _lacks_libraries(each, platform, packages)), None)
        if (package or bare) is None or requests.selects_cpu(family):
            continue
        build = _build(platform, package or bare or present[0], gpus, requests, family, by_siblings)
        build = replace(build, lacks_libraries=package is None)
        if build.contradicts or gpus or not (build.is_minor or build.lacks_libraries):
            yield build


def refuse_cpu_builds(builds: Iterable[CpuBuild], file: EnvironmentFile, allow: Sequence[str] | None) -> None:
    """Refuse a CPU build where CUDA is required; ``allow`` lists exceptions, None allows any.

    Raises ``LockstepError`` at the entry that requires CUDA.
    """
    for build in refusable(builds, allow):
        entry = build.request or build.entry
        where = entry.where if entry else file.path
        remedy = f'{build.remedy}, or allow it: --allow-cpu, or cpu-allow = ["{build.name}"] in the settings'
        raise LockstepError(build.what, where=where, remedy=remedy)


def refusable(builds: Iterable[CpuBuild], allow: Sequence[str] | None) -> Iterator[CpuBuild]:
    """Yield the CPU builds that contradict the file or a machine, and that nothing allows."""
    for build in builds:
        if build.contradicts and allow is not None and build.name not in allow:
            yield build


def with_allowed(lock: Lock, builds: Iterable[CpuBuild], declared: Sequence[str]) -> Lock:
    """Return a lock that records the CPU builds that are allowed, so that its check allows them, too.

    Those in ``declared`` are left out: the settings allow them, for as long as they list them.
    """
    allowed: dict[str, list[str]] = {}
    for build in refusable(builds, declared):
        allowed.setdefault(f"{build.platform}.{metadata.CPU_ALLOWED}", []).append(build.name)
    return replace(
        lock, metadata={**lock.metadata, **{key: " ".join(names) for key, names in allowed.items()}}
    )


def _build(
    platform: str,
    package: Package,
    gpus: tuple[MachineGpu, ...],
    requests: DeviceRequests,
    family: Sequence[Framework],
    by_siblings: Mapping[Package, str],
) -> CpuBuild:
    entry = requests.entry_of(family)
    is_main = any(each.role == "main" for each in family)
    cuda = min((gpu.cuda for gpu in gpus), key=_numbers, default="")
    if package.manager == "conda":
        remedy = conda_remedy(package, bool(gpus or requests.cuda), by_siblings.get(package, ""))
    else:
        remedy = pip_remedy(package, platform, cuda)
    return CpuBuild(platform, package, gpus, requests.cuda, entry, remedy, not (is_main or entry))


@cache
def _families() -> tuple[tuple[Framework, ...], ...]:
    """Return the packages of ``data/frameworks.txt`` by manager, those of one framework together."""
    families: dict[tuple[Manager, str], list[Framework]] = {}
    for each in frameworks().values():
        if each.role != "library":
            families.setdefault((each.manager, each.framework), []).append(each)
    return tuple(map(tuple, families.values()))


def _unlisted(packages: PackageSet, by_siblings: Mapping[Package, str]) -> Iterator[tuple[Framework, ...]]:
    """Yield packages without a row that are CPU builds by their siblings or, of pip's, by their label: ``1.0+cpu``."""
    for package in packages.values():
        name, manager = package.name, package.manager
        is_cpu = package in by_siblings
        if manager == "pip":
            name = normalize(name)
            is_cpu = bool(re.search(r"\+.*cpu", package.version))
        if is_cpu and (manager, name) not in frameworks():
            without = CPU_SELECTORS[:2] if manager == "conda" else ()
            yield (Framework(name, manager, name, "", frozenset(), {}, (), without, ""),)


def _is_cpu(
    package: Package, platform: str, packages: PackageSet, by_siblings: Mapping[Package, str]
) -> bool:
    if package in by_siblings:
        return True
    return device_of(package, platform, packages.keys()) == "cpu" and not _is_beside_cuda(
        package, platform, packages
    )


def _is_beside_cuda(package: Package, platform: str, packages: PackageSet) -> bool:
    """Return whether a wheel is a part of a framework whose main wheel has CUDA, and neither has a label.

    They are from one index. Such a torchvision has nothing else to tell it by: it depends on torch alone.
    """
    framework = frameworks().get((package.manager, normalize(package.name)))
    if framework is None or framework.role or package.manager != "pip" or "+" in package.version:
        return False
    main = next(each for each in frameworks().values() if _is_main_of(each, framework))
    wheel = next((each for each in packages.only("pip").values() if normalize(each.name) == main.name), None)
    return wheel is not None and "+" not in wheel.version and device_of(wheel, platform) == "cuda"


def _is_main_of(each: Framework, part: Framework) -> bool:
    return (each.manager, each.framework, each.role) == (part.manager, part.framework, "main")


def _lacks_libraries(package: Package, platform: str, packages: PackageSet) -> bool:
    """Return whether a wheel has GPU code and needs other packages for CUDA's libraries, none of which is locked."""
    framework = frameworks().get((package.manager, normalize(package.name)))
    if framework is None or package.manager != "pip" or not framework.with_cuda:
        return False
    brought = any(("pip", name) in packages for name in framework.with_cuda) or ("conda", "cudnn") in packages
    return not brought and device_of(package, platform, packages.keys()) == "cuda"


def _key(package: Package) -> Key:
    return package.manager, normalize(package.name) if package.manager == "pip" else package.name


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
