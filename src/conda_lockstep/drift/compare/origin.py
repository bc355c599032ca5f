"""The origin of a package: the name of its channel, or for pip the kind of source that its URL points to."""

from __future__ import annotations

import re
from functools import lru_cache

from conda_lockstep.conda.project_source import GitCommit, described, project_source
from conda_lockstep.conda.subdirs import split_subdir
from conda_lockstep.packages import Package

_CHANNEL_HOSTS = re.compile(r"https?://(?:conda\.anaconda\.org|repo\.prefix\.dev|prefix\.dev)/(?:t/[^/]+/)?")
_DEFAULTS_HOST = re.compile(r"https?://repo\.(?:anaconda\.com|continuum\.io)/")
_DEFAULTS = re.compile(r"(?:pkgs/)?(main|r|msys2|free|pro)$|defaults$")
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


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


def origin(package: Package) -> str:
    """Return the kind of source of a pip package: ``index``, ``git``, ``local file`` or ``local folder``.

    A URL of a file on a web server counts as an index, since indexes provide such URLs. An installed package without
    a URL came from an index as well: pip records all other sources (PEP 610).
    """
    url = package.url.partition("#")[0]
    if url.startswith(("git+", "hg+", "svn+", "bzr+")):
        return "git"
    if not url or url.startswith(("http://", "https://", "direct+http")):
        return "index"
    return "local file" if url.endswith((".whl", ".tar.gz", ".zip")) else "local folder"


def described_origin(package: Package) -> str:
    """Return the source of a pip package for a row: a project's own, else the kind; see :func:`origin`."""
    source = project_source(package)
    return described(source) if source else origin(package)


def place(package: Package) -> str:
    """Return the origin of a pip package, of a project its folder or repository and its mode, without its commit."""
    source = project_source(package)
    if isinstance(source, GitCommit):
        return f"git {source.url} {source.subdirectory}{', editable' if source.editable else ''}"
    if source is None:
        return origin(package)
    folder = "local folder" if source.path.startswith("file:") else source.path
    return f"{folder}{', editable' if source.editable else ''}"


def commit(package: Package) -> str:
    """Return the full commit id that a URL is pinned to, empty without one."""
    source = project_source(package)
    if source is not None:
        return source.commit
    found = _COMMIT.findall(package.url)
    return found[-1] if found else ""


def file_name(package: Package) -> str:
    """Return the last part of the URL, without query and fragment; empty without a URL."""
    return re.split(r"[?#]", package.url, maxsplit=1)[0].rpartition("/")[2]
