"""Locates the projects of an environment file for a lock: with what was locked before, and the builds that may run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.channels.cache import default_cache
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip import refusals
from conda_lockstep.lock.pip.projects.build_metadata import MetadataBuild
from conda_lockstep.lock.pip.projects.git import Git
from conda_lockstep.lock.pip.projects.locate import Locator, projects_of, trusted_builds
from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.lock.pip.requirements import PipPart, read_pip_part
from conda_lockstep.lock.pip.uv import index_variables


def located_part(
    file: EnvironmentFile,
    mirrors: Mirrors,
    *,
    index: str,
    cache: Path | None = None,
    allow_build: Sequence[str] = (),
    old: Sequence[Lock] = (),
    moving: frozenset[str] | None = frozenset(),
) -> tuple[PipPart, tuple[Project, ...]]:
    """Return the pip part of a file with the projects that it names.

    ``allow_build`` are the projects whose builds may run where their metadata are not static; ``old`` are the locks
    whose commits are kept, except for projects in ``moving``, None for all. Raises one ``LockstepError`` for all
    entries that cannot be locked.
    """
    part = read_pip_part(file)
    if not part.projects:
        if part.refused:
            raise refusals.together(part.refused, file.path)
        return part, ()
    folder = cache or default_cache()
    packages = [
        (package.name, package.url)
        for lock in old
        for held in lock.platforms.values()
        for package in held.only("pip").values()
    ]
    locator = Locator(
        file.path,
        Git(folder / "git", mirrors.trust),
        projects_of(packages),
        moving,
        trusted_builds(allow_build, mirrors.trust),
        MetadataBuild(index_variables(part, mirrors, index), folder / "uv" if cache else None),
    )
    return part, locator.located(part)
