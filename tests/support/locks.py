"""Small locks for tests, from names and versions."""

from __future__ import annotations

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet


def conda_package(name: str, version: str, platform: str = "linux-64", build: str = "h0_0") -> Package:
    """Return a package of conda-forge."""
    channel = "https://conda.anaconda.org/conda-forge"
    url = f"{channel}/{platform}/{name}-{version}-{build}.conda"
    return Package("conda", name, version, build, platform, channel, url, sha256="a" * 64)


def pip_package(name: str, version: str) -> Package:
    """Return a package of PyPI."""
    file = f"{name}-{version}-py3-none-any.whl"
    return Package("pip", name, version, url=f"https://files.pythonhosted.org/{file}", sha256="b" * 64)


def lock_text(*packages: str, platforms: tuple[str, ...] = ("linux-64",)) -> str:
    """Return the text of a lock of ``name version`` (conda) and ``name==version`` (pip), alike on all platforms."""
    held = {}
    for platform in platforms:
        found = []
        for text in packages:
            pip = "==" in text
            name, version = text.split("==" if pip else " ")
            found.append(pip_package(name, version) if pip else conda_package(name, version, platform))
        held[platform] = PackageSet.of(found)
    return cep37.render(Lock(held, ("conda-forge",)))
