"""Compares locked pip files with their index: deleted, or yanked by their publisher (PEP 592)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.urls import unquote
from conda_lockstep.drift.model import Change, DriftClass
from conda_lockstep.drift.pip_source import file_name
from conda_lockstep.lock.pip.index_pages import IndexFile
from conda_lockstep.packages import Package, PackageSet

_FILES = (".whl", ".tar.gz", ".zip")


def compare_with_index(locked: PackageSet, published: Mapping[str, Sequence[IndexFile]]) -> Iterator[Change]:
    """Yield the locked pip files that were deleted or yanked.

    ``published`` maps normalised names to the files of their projects. A file is deleted if its project has other files
    on the same host: what an entry names by URL is on no index.
    """
    for package in index_packages(locked):
        files = published.get(normalize(package.name), ())
        name = unquote(file_name(package))
        own = next((file for file in files if file.name == name), None)
        if own is not None and own.yanked is not None:
            reason = f": {own.yanked}" if own.yanked else ", without a reason"
            yield Change(
                frozenset({DriftClass.YANKED}), package, package, detail=f"{name} was yanked{reason}"
            )
        elif own is None and _host(package.url) in {_host(file.url) for file in files}:
            detail = f"{name} is no longer on its index"
            yield Change(frozenset({DriftClass.VANISHED}), package, None, detail=detail)


def index_packages(locked: PackageSet) -> list[Package]:
    """Return the pip packages whose files can be on an index."""
    return [
        package
        for package in locked.only("pip").values()
        if package.url.startswith(("https://", "http://", "file://")) and file_name(package).endswith(_FILES)
    ]


def _host(url: str) -> tuple[str, str]:
    """Return the host of a URL; for a file the folder, which stands for one."""
    parts = urlsplit(url)
    return parts.netloc, parts.path.rpartition("/")[0] if parts.scheme == "file" else ""
