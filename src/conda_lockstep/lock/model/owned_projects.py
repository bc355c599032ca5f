"""Which PyPI projects the conda packages of an environment hold, so that pip keeps its hands off them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.pypi_names import CHANNELS, pypi_names
from conda_lockstep.conda.urls import ANACONDA
from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class Owned:
    """A PyPI project that a conda package holds."""

    project: str
    version: str
    package: Package


def owned_by_conda(packages: Iterable[Package]) -> dict[str, Owned]:
    """Return the PyPI projects that conda packages hold, by normalised name.

    In channels that the table of names does not know, a Python package holds the project of its own name.
    """
    found: dict[str, Owned] = {}
    for package in packages:
        for name in pypi_names(package.name) or _namesake(package):
            # The package of the project's own name has its version; a package that bundles it may not.
            if name not in found or normalize(package.name) == name:
                found[name] = Owned(name, package.version, package)
    return found


def _namesake(package: Package) -> tuple[str, ...]:
    channel = package.channel.removeprefix(f"{ANACONDA}/").partition("/")[0]
    is_python = any(split(spec)[0] == "python" for spec in package.depends)
    return (normalize(package.name),) if is_python and channel not in CHANNELS else ()
