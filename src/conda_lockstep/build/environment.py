"""From a lock to a prefix that is exactly the lock: conda's part, pip's part, and a look at what is there then."""

from __future__ import annotations

from pathlib import Path

from packaging.utils import canonicalize_version

from conda_lockstep.build.install import install_conda
from conda_lockstep.build.pip import install_pip, uninstall_pip
from conda_lockstep.build.prefix import building
from conda_lockstep.build.records import complete_origins, complete_records
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot import prefix as prefixes


def build_environment(
    packages: PackageSet, prefix: Path, mirrors: Mirrors, *, cache: Path | None = None, progress: bool = False
) -> bool:
    """Build a prefix, or bring one to the lock; say whether the remains of an unfinished build were removed.

    ``packages`` are those of the machine's own platform. Raises ``LockstepError``; a prefix that was not there before
    is then not there either, and one that was is marked as unfinished.
    """
    prefix = prefix.expanduser().absolute()
    conda = tuple(packages.only("conda").values())
    pip = tuple(packages.only("pip").values())
    if pip and not any(package.name == "python" for package in conda):
        raise LockstepError(
            "the lock has pip packages, but no python", remedy="add python to the environment file"
        )
    with building(prefix) as had_remains:
        install_conda(conda, prefix, mirrors, cache=cache, progress=progress)
        complete_records(prefix, conda)
        wanted = {package.name for package in pip}
        strangers = [
            name
            for manager, name in prefixes.read(prefix).packages
            if manager == "pip" and name not in wanted
        ]
        uninstall_pip(strangers, prefix)
        if pip:
            install_pip(pip, prefix, mirrors, cache=cache, progress=progress)
            complete_origins(prefix, pip, mirrors)
        _prove(packages, prefix)
    return had_remains


def _prove(packages: PackageSet, prefix: Path) -> None:
    """Compare what the prefix holds with the lock; a build that is not what it says must not pass for one."""
    found = prefixes.read(prefix).packages
    lacking = [str(package) for key, package in packages.items() if not _same(package, found.get(key))]
    more = [str(package) for key, package in found.items() if key not in packages]
    if lacking or more:
        what = "; ".join(
            f"{word} {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            for word, names in (("it lacks", lacking), ("it has, besides,", more))
            if names
        )
        raise LockstepError(
            f"the prefix is not what the lock says: {what}", where=str(prefix), remedy="build it anew"
        )


def _same(wanted: Package, found: Package | None) -> bool:
    if found is None:
        return False
    if wanted.manager == "pip":
        return canonicalize_version(wanted.version) == canonicalize_version(found.version)
    return wanted.identity == found.identity
