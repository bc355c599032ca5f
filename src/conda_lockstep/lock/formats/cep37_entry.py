"""Makes a package of what a CEP 37 entry says, whichever reader read it."""

from __future__ import annotations

from conda_lockstep.conda.urls import split_package_url, without_credentials
from conda_lockstep.packages import Manager, Package


def package_of(
    manager: Manager,
    name: str,
    version: str,
    url: str,
    *,
    build: str,
    md5: str,
    sha256: str,
    depends: tuple[str, ...],
    category: str = "",
) -> Package:
    """Make a package of an entry; channel, subdir and an absent build of a conda package are in its URL."""
    if manager == "pip":
        return Package(
            "pip", name, version, url=url, sha256=sha256, md5=md5, depends=depends, category=category
        )
    url = without_credentials(url)
    parts = split_package_url(url)
    return Package(
        "conda",
        name,
        version,
        build=build or parts.build,
        subdir=parts.subdir,
        channel=parts.channel,
        url=url,
        sha256=sha256,
        md5=md5,
        depends=depends,
        category=category,
    )
