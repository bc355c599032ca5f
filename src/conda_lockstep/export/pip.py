"""What the formats of pip's part share: where a package comes from, and which of them can be written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conda_lockstep.conda.urls import unquote
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package

PYPI_FILES = "https://files.pythonhosted.org/"
"""Where the files of PyPI are: its index lists them, so that name and version are enough to find one."""

_GIT = re.compile(r"git\+(?P<url>[^#?]+)@(?P<commit>[0-9a-f]{40})(?:#(?P<fragment>.*))?")


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit of a git repository; ``subdirectory`` is where in it the project lies, empty for its root."""

    url: str
    commit: str
    subdirectory: str = ""


def commit_of(package: Package) -> GitCommit | None:
    """Return the commit that a package is built from; None for one that comes as a file."""
    match = _GIT.fullmatch(package.url)
    if match is None:
        return None
    fragments = dict(part.partition("=")[::2] for part in (match["fragment"] or "").split("&"))
    return GitCommit(match["url"], match["commit"], fragments.get("subdirectory", ""))


def file_name(package: Package) -> str:
    """Return the name of the file behind a URL."""
    return unquote(package.url.partition("#")[0].partition("?")[0].rpartition("/")[2])


def require_hash(package: Package, what: str) -> None:
    """Raise ``LockstepError`` for a file that nothing could check."""
    if not package.sha256:
        raise LockstepError(
            f"{package} has no sha256, and {what} needs one", remedy="lock a file of an index instead"
        )
