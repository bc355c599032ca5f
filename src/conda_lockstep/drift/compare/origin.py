"""The origin of a package: the name of its channel, or for pip who provides it."""

from __future__ import annotations

import re
from functools import lru_cache

from conda_lockstep.conda.project_source import GitCommit, described, project_source
from conda_lockstep.conda.subdirs import split_subdir
from conda_lockstep.drift.pip_source import origin, provider
from conda_lockstep.packages import Package

_CHANNEL_HOSTS = re.compile(r"https?://(?:conda\.anaconda\.org|repo\.prefix\.dev|prefix\.dev)/(?:t/[^/]+/)?")
_DEFAULTS_HOST = re.compile(r"https?://repo\.(?:anaconda\.com|continuum\.io)/")
_DEFAULTS = re.compile(r"(?:pkgs/)?(main|r|msys2|free|pro)$|defaults$")


def channel(package: Package) -> str:
    """Return the channel of a conda package: a name on a public host, else a URL; empty if unknown.

    ``defaults`` represents every channel on Anaconda's own host.
    """
    return _named(package.url.rpartition("/")[0] if "://" in package.url else package.channel)


@lru_cache(maxsize=1 << 10)
def _named(place: str) -> str:
    place, _ = split_subdir(place.rstrip("/"))
    if _DEFAULTS_HOST.match(place) or _DEFAULTS.match(place):
        return "defaults"
    return _CHANNEL_HOSTS.sub("", place)


def is_mirror(one: str, other: str) -> bool:
    """Return whether two channels have one name on two hosts, which distinguishes a mirror from another channel."""
    return one.rpartition("/")[2] == other.rpartition("/")[2]


def place(package: Package) -> str:
    """Return the origin of a package: its channel, or for pip who provides it, else the kind of source.

    Of a project this is its folder or repository and its mode, without its commit.
    """
    source = project_source(package) if package.manager == "pip" else None
    if source is None:
        return channel(package) if package.manager == "conda" else provider(package) or origin(package)
    mode = ", editable" if source.editable else ""
    if isinstance(source, GitCommit):
        repository = provider(package) or f"git {source.url}"
        return f"{repository}{source.subdirectory and f' {source.subdirectory}'}{mode}"
    return f"{'local folder' if source.path.startswith('file:') else source.path}{mode}"


def described_place(package: Package) -> str:
    """Return the origin of a package as a row shows it: of a project its source with the commit, else its place."""
    source = project_source(package) if package.manager == "pip" else None
    return described(source) if source else place(package)
