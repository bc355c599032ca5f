"""Whether the URL of a locked entry is that of its package: what is installed is what the URL names."""

from __future__ import annotations

from conda_lockstep.conda.urls import split_package_url
from conda_lockstep.packages import Package


def conda_url_fault(package: Package) -> str:
    """Return what is wrong with the URL of a conda entry, empty where it is that of the package."""
    stem = f"/{package.name}-{package.version}-{package.build}"
    if package.url.endswith((f"{stem}.conda", f"{stem}.tar.bz2")):
        return ""
    parts = split_package_url(package.url.partition("#")[0])
    if not package.url:
        return "no URL is recorded"
    if not parts.name:
        return f"its URL is not that of a conda package: {package.url}"
    if (parts.name.lower(), parts.version, parts.build) != (package.name, package.version, package.build):
        return f"its URL is that of {parts.name} {parts.version} {parts.build}"
    return ""


def names_another(package: Package) -> str:
    """Return what the URL of an entry names, where that is another package, version or build; else empty.

    Without the packages that read wheels' names, as on a bare node, pip's entries are not looked at.
    """
    if not package.url:
        return ""
    if package.manager == "conda":
        if f"/{package.name}-{package.version}-{package.build}." in package.url:
            return ""
        fault = conda_url_fault(package)
    else:
        try:
            from conda_lockstep.lock.check.wheel_entries import wheel_url_fault
        except ImportError:
            return ""
        fault = wheel_url_fault(package)
    return fault if fault.startswith("its URL is that of ") else ""
