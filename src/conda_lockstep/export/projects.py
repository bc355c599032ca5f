"""Local and git projects in other formats: as pip installs them, and the line on those that are left out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from conda_lockstep.conda.project_source import Folder, project_source
from conda_lockstep.packages import Package, PackageSet

INSTALL = "pip install --no-deps --no-build-isolation"
"""How a project is installed after what is locked: nothing else is fetched."""


def projects_of(packages: PackageSet, *, local: bool = True, git: bool = True) -> list[Package]:
    """Return the projects among packages: those in folders, those in git, or both."""
    found = ((package, project_source(package)) for package in packages.only("pip").values())
    return [package for package, source in found if source and (local if isinstance(source, Folder) else git)]


def without_projects(packages: PackageSet, projects: Sequence[Package]) -> PackageSet:
    """Return packages without some projects."""
    keys = {package.key for package in projects}
    return PackageSet({key: package for key, package in packages.items() if key not in keys})


def requirement(package: Package) -> str:
    """Return a project as a line of a requirements file: ``-e ./knn[dev]``, ``knn @ git+https://host/knn@COMMIT``."""
    source = project_source(package)
    if source is None:
        raise ValueError(f"{package} is no project")
    extras = f"[{source.extras}]" if source.extras else ""
    if isinstance(source, Folder):
        return f"{'-e ' if source.editable else ''}{source.path}{extras}"
    inside = f"subdirectory={source.subdirectory}" if source.subdirectory else ""
    url = f"git+{source.url}@{source.commit}"
    if source.editable:
        return f"-e {url}#{'&'.join(filter(None, (f'egg={package.name}{extras}', inside)))}"
    return f"{package.name}{extras} @ {url}{f'#{inside}' if inside else ''}"


def left_out(projects: Sequence[Package], why: str) -> tuple[str, ...]:
    """Return the line on projects that a format has no room for, and how to install them; none where there are none."""
    if not projects:
        return ()
    words = " ".join(word for package in projects for word in _words(package))
    names = ", ".join(package.name for package in projects)
    are = "1 project is" if len(projects) == 1 else f"{len(projects)} projects are"
    return (f"{are} not in it, {why}: {names}; install after it: {INSTALL} {words}",)


def _words(package: Package) -> list[str]:
    text = requirement(package)
    option, _, rest = text.partition(" ") if text.startswith("-e ") else ("", "", text)
    return [*([option] if option else []), shlex.quote(rest)]
