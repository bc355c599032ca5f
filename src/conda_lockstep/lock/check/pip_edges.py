"""Checks the dependencies of locked pip packages: on one another, on conda's packages, and on Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.lock.model.module_clash import module_clashes
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import PYTHON, Package, PackageSet


@dataclass(frozen=True, slots=True)
class BrokenPipEdge:
    """A dependency of a pip package that the lock does not meet: by ``held``, or by nothing."""

    requirer: Package
    spec: str
    held: Package | None

    @property
    def project(self) -> str:
        """Return the normalized name of the required project."""
        return normalize(split(self.spec)[0])

    def __str__(self) -> str:
        """``pip's app needs 'numpy >=2'``."""
        return f"pip's {self.requirer.name} needs '{self.spec}'"


def broken_pip_edges(packages: PackageSet, platform: str) -> Iterator[BrokenPipEdge]:
    """Yield the dependencies of pip packages that do not hold.

    A project that a conda package holds is compared, too, as PyPI names it: conda's ``pytorch`` is ``torch``.
    """
    pip = _pip_projects(packages)
    if not pip:
        return
    python = packages.get(("conda", PYTHON))
    held = {**_conda_projects(packages), **pip}
    for package in pip.values():
        for spec in package.depends:
            if ";" in spec and not _applies(spec, python, platform):
                continue
            name = split(spec)[0]
            found = python if name == PYTHON else held.get(normalize(name))
            if not (name == PYTHON and python is None) and not pip_edge_holds(spec, found):
                yield BrokenPipEdge(package, spec, found)


def pip_faults(packages: PackageSet, platform: str) -> Iterator[str]:
    """Yield what is installed twice, by project or by module, and the dependencies of pip packages that do not hold."""
    pip = _pip_projects(packages)
    owned = _conda_projects(packages) if pip else {}
    for name in sorted(pip.keys() & owned.keys()):
        yield f"conda's {owned[name]} and pip's {pip[name]} are the same project in the lock for {platform}"
    for clash in module_clashes(packages.values()) if pip else ():
        yield f"{clash} in the lock for {platform}"
    for edge in broken_pip_edges(packages, platform):
        yield f"{edge}; the lock for {platform} has {edge.held or 'none'}"


def _pip_projects(packages: PackageSet) -> dict[str, Package]:
    return {normalize(package.name): package for package in packages.only("pip").values()}


def _conda_projects(packages: PackageSet) -> dict[str, Package]:
    return {name: held.package for name, held in owned_by_conda(packages.only("conda").values()).items()}


def without_bounds(packages: PackageSet) -> tuple[Package, ...]:
    """Return the pip packages whose bounds are not recorded: locked by an older version, or by another tool."""
    return tuple(package for package in packages.only("pip").values() if not package.has_bounds)


def pip_edge_holds(spec: str, held: Package | None) -> bool:
    """Return whether a locked package meets a PEP 508 requirement; conda's packages count under their versions."""
    return held is not None and _meets(held.version, spec)


def _applies(spec: str, python: Package | None, platform: str) -> bool:
    """Return whether a requirement's marker applies; locks of other tools record markers, those of extras included."""
    from packaging.requirements import InvalidRequirement, Requirement

    from conda_lockstep.lock.pip.wheels import WheelTarget

    try:
        marker = Requirement(spec).marker
    except InvalidRequirement:
        return False
    markers = WheelTarget(python.version, platform, ()).markers if python else {}
    return marker is None or marker.evaluate({**markers, "extra": ""})


@lru_cache(maxsize=1 << 14)
def _meets(version: str, spec: str) -> bool:
    if split(spec)[1] == "*":
        return True
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.version import InvalidVersion, Version

    try:
        return Requirement(spec).specifier.contains(Version(version), prereleases=True)
    except (InvalidRequirement, InvalidVersion):
        return True  # Poetry's notation, in locks of conda-lock, or a version that only conda has
