"""Which local and git projects are installed, from where, and which of their builds may run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conda_lockstep.conda.project_source import described, names_of, project_source
from conda_lockstep.conda.trust import TRUSTED, Trust
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """How the projects of a lock are installed.

    ``root`` is the folder that their paths are relative to. ``allowed`` are those whose builds may run, by name, path
    or repository. ``leave`` leaves all projects as they are. ``urls`` are what repositories are fetched from, where
    they need credentials.
    """

    root: Path = Path()
    allowed: frozenset[str] = frozenset()
    leave: bool = False
    urls: Mapping[str, str] = field(default_factory=dict)
    trust: Trust = TRUSTED


def projects_in(packages: PackageSet) -> tuple[Package, ...]:
    """Return the local and git projects among packages."""
    return tuple(package for package in packages.only("pip").values() if project_source(package))


def refuse_builds(projects: Sequence[Package], options: ProjectOptions) -> None:
    """Raise ``LockstepError`` where builds would run that are not allowed."""
    refused = [
        (package, source)
        for package in projects
        if (source := project_source(package)) and names_of(package, source).isdisjoint(options.allowed)
    ]
    if not refused:
        return
    named = ", ".join(f"{package.name} ({described(source)})" for package, source in refused)
    flags = " ".join(f"--allow-build {package.name}" for package, _ in refused)
    what = f"installing {named} runs the code of {'its build' if len(refused) == 1 else 'their builds'}"
    remedy = f"allow it with {flags}, or leave projects out with --no-projects"
    if options.trust.distrust:
        what, remedy = f"{what}, which is not allowed: {options.trust.distrust}", "leave them out"
    raise LockstepError(what, remedy=remedy)
