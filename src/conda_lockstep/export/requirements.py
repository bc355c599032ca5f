"""A requirements.txt in which every file has its hash: the pip part of one platform."""

from __future__ import annotations

from conda_lockstep.export.model import Export, Subject, without
from conda_lockstep.export.pip import PYPI_FILES, require_hash
from conda_lockstep.export.projects import left_out, projects_of, without_projects
from conda_lockstep.packages import Package

_HEADER = """\
# Written by conda-lockstep from the lock, for {platform}: do not edit.
# pip install --no-deps --require-hashes -r requirements.txt
"""


def render(subject: Subject) -> Export:
    """Write the pip part. Files of PyPI go by their version, which any mirror has, all others by their URL.

    Projects are left out: they have no hash, and pip takes all with hashes, or none. Raises ``LockstepError`` for
    another package without a hash.
    """
    platform, packages = subject.one_platform()
    projects = projects_of(packages)
    lines = [_requirement(package) for package in without_projects(packages, projects).only("pip").values()]
    lost = (*without("conda", packages), *left_out(projects, "as pip has no hashes for them"))
    return Export(_HEADER.format(platform=platform) + "".join(lines), lost)


def _requirement(package: Package) -> str:
    require_hash(package, "pip's hash-checking mode")
    from_pypi = package.url.startswith(PYPI_FILES) and package.version
    what = f"{package.name}=={package.version}" if from_pypi else f"{package.name} @ {package.url}"
    return f"{what} \\\n    --hash=sha256:{package.sha256}\n"
