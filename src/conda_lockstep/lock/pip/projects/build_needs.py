"""Tells which build requirements of projects a lock does not have: a project is built with what is locked alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.packages import Package

_WITHOUT = frozenset({"wheel"})
"""setuptools has its own since 70.1, and projects still list it."""


def build_notices(
    projects: Sequence[Project], pip: Iterable[Package], conda: Sequence[Package]
) -> Iterator[str]:
    """Yield a notice for each project that what is locked cannot build."""
    if not projects:
        return
    held = {project: owned.version for project, owned in owned_by_conda(conda).items()}
    held |= {normalize(package.name): package.version for package in pip}
    for project in projects:
        missing = [text for text in project.build_requires if not _holds(text, held)]
        if missing:
            names = ", ".join(missing)
            what = f"'{project.text}' is built with {names}, which the lock does not have"
            yield f"{project.where}: {what}; add it to the environment file"


def _holds(text: str, held: dict[str, str]) -> bool:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return True
    name = normalize(requirement.name)
    if name in _WITHOUT or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
        return True
    try:
        return name in held and requirement.specifier.contains(Version(held[name]), prereleases=True)
    except InvalidVersion:
        return True
