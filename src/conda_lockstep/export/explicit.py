"""An ``@EXPLICIT`` file: conda's part, each package after what it needs; pip's as comments that conda skips."""

from __future__ import annotations

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.export.model import Export, Subject, count, named
from conda_lockstep.export.pip import commit_of
from conda_lockstep.export.projects import left_out, projects_of, without_projects
from conda_lockstep.lock.formats import explicit
from conda_lockstep.packages import Package, PackageSet


def render(subject: Subject) -> Export:
    """Write the packages of one platform (CEP 23)."""
    platform, packages = subject.one_platform()
    local = projects_of(packages, git=False)
    packages = without_projects(packages, local)
    packages = PackageSet.of(map(_for_comment, packages.values()))
    pip = list(packages.only("pip").values())
    lost = [*left_out(local, "which has URLs only")]
    if pip:
        lost.append(
            f"{count(pip, 'pip')} in it as comments, which conda-lock and micromamba install and conda does not: "
            f"{named(pip)}"
        )
    unversioned = [package for package in pip if explicit.version_in(package.url) != package.version]
    if unversioned:
        lost.append(f"the URL is all it says of {named(unversioned)}: the version is not in it")
    if editable := [package for package in projects_of(packages) if _is_editable(subject, package)]:
        lost.append(f"it does not say that these are editable: {named(editable)}")
    order = subject.lock.metadata.get(f"{platform}.{explicit.ORDER}", "")
    return Export(explicit.render(packages, platform, order), tuple(lost))


def _for_comment(package: Package) -> Package:
    """Return a package with the URL of a commit as pip has it."""
    source = commit_of(package)
    if source is None:
        return package
    inside = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return package._replace(url=f"git+{source.url}@{source.commit}{inside}")


def _is_editable(subject: Subject, package: Package) -> bool:
    _, packages = subject.one_platform()
    source = project_source(packages[package.key])
    return source is not None and source.editable
