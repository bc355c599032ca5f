"""Reads a prefix: what conda recorded, what pip installed beside it, and where the two got in each other's way.

Standard library only, and no file is read twice.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot.distributions import (
    Distribution,
    find_distributions,
    read_installer,
    read_package,
)
from conda_lockstep.snapshot.model import Damage, Installed
from conda_lockstep.snapshot.platforms import this_platform
from conda_lockstep.snapshot.records import MalformedRecordError, Record, parse_record
from conda_lockstep.snapshot.unfinished import refuse_unfinished


def read(prefix: Path, *, unfinished: bool = False) -> Installed:
    """Read what a prefix holds; one that a build has not finished only for who means to mend it.

    Raises ``LockstepError`` where it is no conda environment, or an ``unfinished`` one.
    """
    if not unfinished:
        refuse_unfinished(prefix)
    root = os.path.realpath(prefix)
    records, damages = _read_records(root)
    present = [found for folder in _site_packages(root, records) for found in find_distributions(folder)]
    owned = {os.path.join(root, own.folder) for record in records for own in record.distributions}
    pip = {
        package.name: package
        for found in present
        if found.path not in owned and (package := read_package(found))
    }
    paths = {found.path for found in present}
    for record in records:
        damages += _overlaps(root, record, paths, pip)
    packages = PackageSet.of([*(record.package for record in records), *pip.values()])
    return Installed(str(prefix), _platform(packages), packages, tuple(damages))


def _read_records(prefix: str) -> tuple[list[Record], list[Damage]]:
    folder = os.path.join(prefix, "conda-meta")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError as error:
        if os.path.isdir(folder):
            raise LockstepError(f"cannot be read: {error.strerror}", where=folder) from None
        what = (
            "is no conda environment: it has no conda-meta folder"
            if os.path.isdir(prefix)
            else "no such folder"
        )
        raise LockstepError(what, where=prefix, remedy="name the environment's prefix") from None
    records: dict[str, Record] = {}
    damages = []
    for name in names:
        try:
            with open(f"{folder}/{name}", "rb", buffering=0) as file:
                record = parse_record(file.readall())
        except (OSError, MalformedRecordError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            damages.append(Damage("record", _package_named(name), f"conda-meta/{name} cannot be read: {why}"))
            continue
        damages += _misnamed(record.package, name)
        if record.package.name in records:
            damages.append(Damage("record", record.package, "conda-meta has two records of it"))
        records[record.package.name] = record
    return list(records.values()), damages


def _package_named(file: str) -> Package:
    """Return what the name of a record's file says: ``NAME-VERSION-BUILD.json``."""
    name, version, build = ([*file.removesuffix(".json").rsplit("-", 2), "", ""])[:3]
    return Package("conda", name, version, build)


def _misnamed(package: Package, file: str) -> Iterator[Damage]:
    said = f"{package.name}-{package.version}-{package.build}"
    if file != f"{said}.json":
        yield Damage("record", package, f"conda-meta/{file} says that it is {said}")
    archive = package.url.rpartition("/")[2]
    if archive.endswith((".conda", ".tar.bz2")) and not archive.startswith(said) and "%" not in archive:
        yield Damage("record", package, f"conda-meta/{file} says that it came from {archive}")


def _site_packages(root: str, records: Iterable[Record]) -> list[str]:
    """Return the folders where this environment's Python looks, and all where conda put a distribution."""
    folders = {own.folder.rpartition("/")[0] for record in records for own in record.distributions}
    for record in records:
        if record.package.name in ("python", "pypy"):
            minor = ".".join(record.package.version.split(".")[:2])
            threads = "t" if record.package.build.endswith("t") else ""
            folders |= {f"lib/python{minor}{threads}/site-packages", "Lib/site-packages"}
    found = {
        path: os.stat(path).st_ino for name in folders if os.path.isdir(path := os.path.join(root, name))
    }
    # "Lib" and "lib" are one folder on some file systems
    return sorted({inode: path for path, inode in sorted(found.items())}.values())


def _overlaps(
    root: str, record: Record, present: Container[str], pip: Mapping[str, Package]
) -> Iterator[Damage]:
    """Yield where pip removed, replaced or installed over the distributions of a conda package."""
    for own in record.distributions:
        path = os.path.join(root, own.folder)
        found = pip.get(Distribution(path).project)
        if found is not None:
            yield Damage("shadowed", record.package, f"pip installed {found} over it", found)
        elif path not in present:
            yield Damage("gone", record.package, f"{own.folder} is gone, conda-meta still lists it")
        elif own.record_sha256 and _sha256(f"{path}/RECORD") != own.record_sha256:
            yield Damage("overwritten", record.package, _overwritten(Distribution(path), own.folder))


def _overwritten(distribution: Distribution, folder: str) -> str:
    """Say who replaced the files of a distribution, as far as they tell."""
    installer, package = read_installer(distribution), read_package(distribution)
    if package is None:
        return f"{folder} was emptied"
    again = f"{installer} installed it again" if installer not in ("", "conda") else f"{folder} was changed"
    return f"{again}, from {package.url}" if package.url else f"{again}, not from conda's package"


def _sha256(path: str) -> str:
    """Return the hash of a file as hex, empty where it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return hashlib.sha256(file.readall()).hexdigest()
    except OSError:
        return ""


def _platform(packages: PackageSet) -> str:
    """Return the platform that most packages are for; this machine's where all are noarch."""
    subdirs = Counter(
        p.subdir for p in packages.values() if p.manager == "conda" and p.subdir not in ("", "noarch")
    )
    return min(subdirs, key=lambda subdir: (-subdirs[subdir], subdir)) if subdirs else this_platform()
