"""Checks the files of pip entries: a wheel of that project and version, which fits the platform and its Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.urls import unquote
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.virtual_packages import VirtualPackage, virtual_packages
from conda_lockstep.lock.pip.wheels import WheelTarget, fits, wheel_name
from conda_lockstep.packages import PYTHON, Package, PackageSet

_NEWEST = {"__glibc": "2.99", "__osx": "40.0"}
"""What a machine is taken to have where a lock of another tool does not record it."""
_FETCHED = ("https://", "http://", "file://")
_SOURCES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")


def wheel_faults(packages: PackageSet, platform: str, machine: tuple[VirtualPackage, ...]) -> Iterator[str]:
    """Yield the pip entries of a platform whose files are not theirs, or cannot be installed there.

    ``machine`` is empty where it is not recorded. Requirements of a version control system and folders are left out:
    their URLs name no file.
    """
    python = packages.get(("conda", PYTHON))
    if python is None:
        yield f"pip packages, but no python in the lock for {platform}"
    target = _target(python, platform, machine) if python else None
    for package in packages.only("pip").values():
        if what := _fault(package, target):
            yield f"{package} ({platform}): {what}"


def _fault(package: Package, target: WheelTarget | None) -> str:
    if fault := wheel_url_fault(package):
        return fault
    wheel = wheel_name(file_name(package.url)) if package.url.startswith(_FETCHED) else None
    if wheel and target and not fits(wheel, target):
        return f"{file_name(package.url)} does not fit Python {target.python} on {target.named}"
    return ""


def wheel_url_fault(package: Package) -> str:
    """Return what is wrong with the URL of a pip entry, empty where it is that of a wheel of the package.

    Requirements of a version control system and folders name no file.
    """
    if not package.url:
        return "no URL is recorded"
    if not package.url.startswith(_FETCHED):
        return ""
    name = file_name(package.url)
    if name.endswith(_SOURCES):
        return f"{name} is not a wheel: each machine would build it"
    wheel = wheel_name(name)
    if wheel is None:
        return "" if package.url.startswith("file://") else f"its URL is not that of a wheel: {package.url}"
    if wheel.project != normalize(package.name):
        return f"its URL is that of {wheel.project} {wheel.version}"
    if wheel.version != _version(package.version):
        return f"its URL is that of version {wheel.version}"
    return ""


def file_name(url: str) -> str:
    """Return the file that a URL names, without query and fragment."""
    return unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2])


def _target(python: Package, platform: str, machine: tuple[VirtualPackage, ...]) -> WheelTarget | None:
    """Return what wheels have to fit; None for a Python whose tags are not known: free-threaded, or not CPython."""
    if python.build.endswith("t") or "pypy" in python.build or "graalpy" in python.build:
        return None
    if not machine:
        try:
            machine = virtual_packages(platform)
        except LockstepError:
            return None
        machine = tuple(replace(each, version=_NEWEST.get(each.name, each.version)) for each in machine)
    return WheelTarget(python.version, platform, machine)


@lru_cache(maxsize=1 << 14)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
