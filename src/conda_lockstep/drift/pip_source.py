"""Where the file of a pip package comes from, what kind of file it is, and what an installer checks it by."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.packages import Package

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")
_VERSION_CONTROL = ("git+", "hg+", "svn+", "bzr+")
_SOURCE_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")
_HOSTS = {
    "files.pythonhosted.org": "PyPI",
    "pypi.org": "PyPI",
    "pypi.python.org": "PyPI",
    "download-r2.pytorch.org": "download.pytorch.org",
}
"""The hosts of one index: https://docs.pypi.org/api/index-api/, and PyTorch's, which serves wheels from two hosts."""
_SHARED_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "huggingface.co"})
"""Hosts on which anybody has a place: who provides a file is the first part of the path."""


def origin(package: Package) -> str:
    """Return the kind of source of a pip package: ``index``, ``git``, ``local file`` or ``local folder``.

    A URL of a file on a web server counts as an index, since indexes provide such URLs; :func:`provider` tells them
    apart. An installed package without a URL came from an index as well: pip records all other sources (PEP 610).
    """
    url = package.url.partition("#")[0]
    if url.startswith(_VERSION_CONTROL):
        return "git"
    if not url or url.startswith(("http://", "https://", "direct+http")):
        return "index"
    return "local file" if url.endswith((".whl", *_SOURCE_ARCHIVES)) else "local folder"


def provider(package: Package) -> str:
    """Return who provides a pip package: ``PyPI``, a host, ``github.com/OWNER``, or ``git HOST/OWNER/REPOSITORY``.

    Without TLS it begins with ``http://``. It is empty where the URL does not tell: for a local source, or none.
    """
    url = package.url.removeprefix("direct+")
    is_repository = url.startswith(_VERSION_CONTROL)
    try:
        parts = urlsplit(url.partition("+")[2] if is_repository else url)
    except ValueError:  # a bracket that is not closed
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git") or not parts.hostname:
        return ""
    host, path = _HOSTS.get(parts.hostname, parts.hostname), parts.path.strip("/").split("/")
    plain = "http://" if parts.scheme in ("http", "git") else ""
    if is_repository:
        return f"git {plain}{'/'.join([host, *path]).partition('@')[0].removesuffix('.git').lower()}"
    return f"{plain}{host}/{path[0].lower()}" if host in _SHARED_HOSTS else f"{plain}{host}"


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


def is_source_archive(package: Package) -> bool:
    """Return whether a pip package is a source distribution, which each machine builds."""
    return (
        package.manager == "pip"
        and origin(package) != "git"
        and file_name(package).endswith(_SOURCE_ARCHIVES)
    )


def is_wheel(package: Package) -> bool:
    """Return whether a pip package is a wheel, by its URL."""
    return package.manager == "pip" and file_name(package).endswith(".whl")


def checksum(package: Package) -> str:
    """Return what an installer checks the file of an entry by: ``sha256``, ``a commit``, ``md5``, or nothing."""
    if package.sha256:
        return "sha256"
    if package.manager == "pip" and commit(package):
        return "a commit"
    return "md5" if package.md5 else ""
