"""Checks the dependencies of locked pip packages: on one another, on conda's packages, and on Python."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.lock.model.module_clash import module_clashes
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import PYTHON, Package, PackageSet


def broken_pip_edges(packages: PackageSet, platform: str) -> Iterator[str]:
    """Yield the dependencies of pip packages that do not hold, and the projects and modules that are installed twice.

    A project that a conda package holds is compared, too, as PyPI names it: conda's ``pytorch`` is ``torch``.
    """
    pip = {normalize(package.name): package for package in packages.only("pip").values()}
    if not pip:
        return
    conda = packages.only("conda")
    owned = {name: held.package for name, held in owned_by_conda(conda.values()).items()}
    python = packages.get(("conda", PYTHON))
    for name in sorted(pip.keys() & owned.keys()):
        yield f"conda's {owned[name]} and pip's {pip[name]} are the same project in the lock for {platform}"
    for clash in module_clashes(packages.values()):
        yield f"{clash} in the lock for {platform}"
    held = {**owned, **pip}
    for package in pip.values():
        for spec in package.depends:
            if ";" in spec and not _applies(spec, python, platform):
                continue
            name = split(spec)[0]
            found = python if name == PYTHON else held.get(normalize(name))
            if not (name == PYTHON and python is None) and not pip_edge_holds(spec, found):
                yield f"{package.name} needs '{spec}' of pip; the lock for {platform} has {found or 'none'}"


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
