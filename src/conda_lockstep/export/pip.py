"""What the formats of pip's part share: where a package comes from, and which of them can be written."""

from __future__ import annotations

from conda_lockstep.conda.project_source import GitCommit, project_source
from conda_lockstep.conda.urls import unquote
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package

PYPI_FILES = "https://files.pythonhosted.org/"
"""Where the files of PyPI are: its index lists them, so that name and version are enough to find one."""


def commit_of(package: Package) -> GitCommit | None:
    """Return the commit that a package is built from; None for one that comes as a file or from a folder."""
    source = project_source(package)
    return source if isinstance(source, GitCommit) else None


def file_name(package: Package) -> str:
    """Return the name of the file behind a URL."""
    return unquote(package.url.partition("#")[0].partition("?")[0].rpartition("/")[2])


def require_hash(package: Package, what: str) -> None:
    """Raise ``LockstepError`` for a file that nothing could check."""
    if not package.sha256:
        raise LockstepError(
            f"{package} has no sha256, and {what} needs one", remedy="lock a file of an index instead"
        )
