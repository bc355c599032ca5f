"""From a lock to a prefix that is exactly the lock: conda's part, pip's part, and a look at what is there then."""

from __future__ import annotations

from collections.abc import Sequence
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
        damaged = _clear_pip(packages, prefix)
        install_conda(conda, prefix, mirrors, cache=cache, reinstall=damaged, progress=progress)
        complete_records(prefix, conda)
        if pip:
            install_pip(pip, prefix, mirrors, cache=cache, progress=progress)
            complete_origins(prefix, pip, mirrors)
        _prove(packages, prefix)
    return had_remains


def _clear_pip(packages: PackageSet, prefix: Path) -> set[str]:
    """Remove what pip installed and the lock does not have; return the conda packages that were damaged by it."""
    installed = prefixes.read(prefix)
    uninstall_pip(
        [name for manager, name in installed.packages if manager == "pip" and ("pip", name) not in packages],
        prefix,
    )
    return {damage.package.name for damage in installed.damages}


def _prove(packages: PackageSet, prefix: Path) -> None:
    """Compare what the prefix holds with the lock; a build that is not what it says must not pass for one."""
    installed = prefixes.read(prefix)
    found = installed.packages
    faults = [
        f"{word} {_some(names)}"
        for word, names in (
            (
                "it lacks",
                [str(package) for key, package in packages.items() if not _same(package, found.get(key))],
            ),
            ("it has, besides,", [str(package) for key, package in found.items() if key not in packages]),
            ("in conflict is", [f"{damage.package} ({damage.detail})" for damage in installed.damages]),
        )
        if names
    ]
    if faults:
        what = f"the prefix is not what the lock says: {'; '.join(faults)}"
        raise LockstepError(what, where=str(prefix), remedy="remove it and build it anew")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _same(wanted: Package, found: Package | None) -> bool:
    if found is None:
        return False
    if wanted.manager == "pip":
        return canonicalize_version(wanted.version) == canonicalize_version(found.version)
    return wanted.identity == found.identity
