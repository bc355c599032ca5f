"""Checks what the build of a project says that it needs against the lock: static metadata may have been wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.lock.check.pip_edges import pip_edge_holds
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.lock.pip.edges import pip_edges
from conda_lockstep.lock.pip.wheel_metadata import parse_metadata
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.packages import PYTHON, Package, PackageSet
from conda_lockstep.text.bounded_text import read_text


def unmet_needs(package: Package, metadata: Path, packages: PackageSet) -> Iterator[tuple[str, str]]:
    """Yield the requirements of an installed project that a lock does not meet, each with what the lock has."""
    python = packages[("conda", PYTHON)]
    markers = WheelTarget(python.version, this_platform(), ()).markers
    source = project_source(package)
    extras = f"[{source.extras}]" if source and source.extras else ""
    found = {package.name: parse_metadata(read_text(metadata))}
    edges = pip_edges(found, [package.name], [Requirement(f"{package.name}{extras}")], markers)
    conda = owned_by_conda(packages.only("conda").values())
    held = {name: owned.package for name, owned in conda.items()}
    held |= {normalize(each.name): each for each in packages.only("pip").values()}
    for spec in edges.by_project[package.name]:
        name = split(spec)[0]
        other = python if name == PYTHON else held.get(normalize(name))
        if not pip_edge_holds(spec, other):
            yield spec, str(other or "none")
