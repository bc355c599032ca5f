"""An environment.yml that pins everything: ``name=version=build`` for conda, ``name==version`` for pip (CEP 24)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.conda.urls import ANACONDA
from conda_lockstep.errors import LockstepError
from conda_lockstep.export import projects
from conda_lockstep.export.model import Export, Subject, named
from conda_lockstep.export.pip import PYPI_FILES
from conda_lockstep.export.projects import projects_of
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.yaml_scalars import word

_HEADER = "# Written by conda-lockstep from the lock, for {platform}: do not edit.\n"


def render(subject: Subject) -> Export:
    """Write one platform. The format has no place for hashes and dependencies, whatever the lock is."""
    platform, packages = subject.one_platform()
    files = [package for package in packages.only("pip").values() if not project_source(package)]
    elsewhere = [package for package in files if not _by_version(package)]
    lost = [
        "neither URLs nor hashes are in it: who creates an environment from it takes what the channels have"
    ]
    if elsewhere:
        lost.append(f"pip is given the URL of what PyPI does not have: {named(elsewhere)}")
    text = _HEADER.format(platform=platform) + "".join(
        _document(packages, subject.lock.channels, subject.path)
    )
    if local := projects_of(packages, git=False):
        lost.append(f"the folders of local projects are relative to this file: {named(local)}")
    return Export(text, tuple(lost))


def _document(packages: PackageSet, channels: Sequence[str], path: str) -> Iterator[str]:
    yield "channels:\n"
    for channel in (*channels, "nodefaults"):
        yield f"  - {word(channel)}\n"
    yield "dependencies:\n"
    for package in packages.only("conda").values():
        yield f"  - {word(_spec(package, channels))}\n"
    pip = packages.only("pip")
    if pip:
        if ("conda", "pip") not in packages:
            what = "has pip packages but not pip itself, and conda would add whatever pip it finds"
            raise LockstepError(
                what, where=path, remedy="list 'pip' in the environment file, and lock it again"
            )
        yield "  - pip:\n"
        for package in pip.values():
            yield f"      - {word(_requirement(package))}\n"


def _spec(package: Package, channels: Sequence[str]) -> str:
    """Name the channel where it is not the first one: another channel may have the same name, version and build."""
    channel = package.channel.removeprefix(f"{ANACONDA}/")
    from_first = bool(channels) and channels[0].rstrip("/").removeprefix(f"{ANACONDA}/") == channel
    spec = f"{package.name}={package.version}={package.build}"
    return spec if from_first or not channel else f"{channel}::{spec}"


def _requirement(package: Package) -> str:
    if project_source(package):
        return projects.requirement(package)
    if _by_version(package):
        return f"{package.name}=={package.version}"
    return f"{package.name} @ {package.url}" + (f"#sha256={package.sha256}" if package.sha256 else "")


def _by_version(package: Package) -> bool:
    return bool(package.version) and package.url.startswith(PYPI_FILES)
