"""An ``@EXPLICIT`` file: conda's part, each package after what it needs; pip's as comments that conda skips."""

from __future__ import annotations

from conda_lockstep.export.model import Export, Subject, count, named
from conda_lockstep.lock.formats import explicit


def render(subject: Subject) -> Export:
    """Write the packages of one platform (CEP 23)."""
    platform, packages = subject.one_platform()
    pip = list(packages.only("pip").values())
    lost = []
    if pip:
        lost.append(
            f"{count(pip, 'pip')} in it as comments, which conda-lock and micromamba install and conda does not: "
            f"{named(pip)}"
        )
    unversioned = [package for package in pip if explicit.version_in(package.url) != package.version]
    if unversioned:
        lost.append(f"the URL is all it says of {named(unversioned)}: the version is not in it")
    order = subject.lock.metadata.get(f"{platform}.{explicit.ORDER}", "")
    return Export(explicit.render(packages, platform, order), tuple(lost))
