"""Reads a prefix: what conda recorded, what pip installed beside it, and where the two got in each other's way.

Standard library only, and no file is read twice.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot.distributions import (
    Distribution,
    find_distributions,
    listing,
    read_installer,
    read_package,
    recorded_paths,
)
from conda_lockstep.snapshot.model import Installed, MismatchedFile, PrefixInconsistency
from conda_lockstep.snapshot.no_wait import NO_WAIT
from conda_lockstep.snapshot.overlaps import overlapping_wheels
from conda_lockstep.snapshot.records import MalformedRecordError, Record, parse_record
from conda_lockstep.snapshot.relocation import PrefixLocation, moved_files
from conda_lockstep.snapshot.startup import ways
from conda_lockstep.snapshot.startup.context import Context
from conda_lockstep.snapshot.unfinished import refuse_unfinished

_CHUNK = 1 << 16
"""More bytes than most records have."""


class PrefixContents(NamedTuple):
    """A prefix with the records that say so; ``root`` is its real path, ``pip`` what no record of conda-meta lists."""

    root: str
    installed: Installed
    records: tuple[Record, ...]
    pip: tuple[tuple[Distribution, Package], ...]


def read(prefix: Path, environ: Mapping[str, str] = os.environ, *, unfinished: bool = False) -> Installed:
    """Read what a prefix holds, and what in ``environ`` hides it; see :func:`read_contents`."""
    return read_contents(prefix, environ, unfinished=unfinished).installed


def read_contents(
    prefix: Path, environ: Mapping[str, str] = os.environ, *, unfinished: bool = False
) -> PrefixContents:
    """Read what a prefix holds, and keep what that was read from.

    One that a build has not finished is read only for who means to mend it. Raises ``LockstepError`` where it is no
    conda environment, or an ``unfinished`` one.
    """
    if not unfinished:
        refuse_unfinished(prefix)
    root = os.path.realpath(prefix)
    records, inconsistencies = _read_records(root)
    listings = {folder: listing(folder) for folder in _site_packages(root, records)}
    present = [found for item in listings.items() for found in find_distributions(*item)]
    owned = {f"{root}/{own.folder}" for record in records for own in record.distributions}
    foreign = [found for found in present if found.path not in owned]
    read = [(found, package) for found in foreign if (package := read_package(found))]
    pip = {package.name: package for _, package in read}
    paths = {found.path for found in present}
    for record in records:
        inconsistencies += _overlaps(root, record, paths, pip)
    inconsistencies += [*_doubled(package for _, package in read), *overlapping_wheels(read)]
    inconsistencies += _moved(records, PrefixLocation.of(root, str(prefix)))
    packages = PackageSet.of([*(record.package for record in records), *pip.values()])
    unowned_files = ways.look(Context(root, listings, environ, _Unowned(root, records, present)))
    installed = Installed(
        str(prefix), _platform(packages), packages, tuple(inconsistencies), tuple(unowned_files)
    )
    return PrefixContents(root, installed, tuple(records), tuple(read))


class _Unowned:
    """Returns those of some paths that neither a record of conda nor the RECORD of a distribution lists."""

    def __init__(self, root: str, records: Iterable[Record], distributions: Iterable[Distribution]) -> None:
        self._root, self._records, self._distributions = root, records, distributions
        self._recorded: set[str] | None = None

    def __call__(self, paths: set[str]) -> set[str]:
        left = set(paths)
        for record in self._records if left else ():
            left -= {path for path in left if record.lists(path)}
        return left - self._of_distributions() if left else left

    def _of_distributions(self) -> set[str]:
        if self._recorded is None:
            self._recorded = set()
            for distribution in self._distributions:
                folder = os.path.relpath(os.path.dirname(distribution.path), self._root)
                for name in recorded_paths(distribution):
                    path = f"{folder}/{name}"
                    self._recorded.add(os.path.normpath(path) if name.startswith(".") else path)
        return self._recorded


def _read_records(prefix: str) -> tuple[list[Record], list[PrefixInconsistency]]:
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
    inconsistencies = []
    for name in names:
        try:
            record = parse_record(_bytes_of(f"{folder}/{name}"))
        except (OSError, MalformedRecordError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            inconsistencies.append(
                PrefixInconsistency(
                    "record", _package_named(name), f"conda-meta/{name} cannot be read: {why}"
                )
            )
            continue
        inconsistencies += _misnamed(record.package, name)
        if record.package.name in records:
            inconsistencies.append(
                PrefixInconsistency("record", record.package, "conda-meta has two records of it")
            )
        records[record.package.name] = record
    return list(records.values()), inconsistencies


def _package_named(file: str) -> Package:
    """Return what the name of a record's file says: ``NAME-VERSION-BUILD.json``."""
    name, version, build = ([*file.removesuffix(".json").rsplit("-", 2), "", ""])[:3]
    return Package("conda", name, version, build)


def _misnamed(package: Package, file: str) -> Iterator[PrefixInconsistency]:
    expected = f"{package.name}-{package.version}-{package.build}"
    if file != f"{expected}.json":
        yield PrefixInconsistency("record", package, f"conda-meta/{file} says that it is {expected}")
    archive = package.url.rpartition("/")[2]
    if archive.endswith((".conda", ".tar.bz2")) and not archive.startswith(expected) and "%" not in archive:
        yield PrefixInconsistency("record", package, f"conda-meta/{file} says that it came from {archive}")


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
) -> Iterator[PrefixInconsistency]:
    """Yield where pip removed, replaced or installed over the distributions of a conda package."""
    for own in record.distributions:
        path = f"{root}/{own.folder}"
        found = pip.get(Distribution(path).project) if pip else None
        if found is not None:
            yield PrefixInconsistency("shadowed", record.package, f"pip installed {found} over it", found)
        elif path not in present:
            yield PrefixInconsistency(
                "gone", record.package, f"{own.folder} is gone, conda-meta still lists it"
            )
        elif own.record_sha256 and _sha256(f"{path}/RECORD") != own.record_sha256:
            yield PrefixInconsistency(
                "overwritten", record.package, _overwritten(Distribution(path), own.folder)
            )


def _moved(records: Iterable[Record], location: PrefixLocation) -> Iterator[PrefixInconsistency]:
    """Yield what shows that a prefix was moved or copied from the folder that it was built in."""
    for record, path, why in moved_files(records, location):
        files = (MismatchedFile(path, "changed", why),)
        detail = f"{path} {why}: the prefix was moved or copied"
        yield PrefixInconsistency("files", record.package, detail, files=files)


def _doubled(packages: Iterable[Package]) -> Iterator[PrefixInconsistency]:
    """Yield the projects of which site-packages has two distributions: one was put over the other by hand."""
    seen: dict[str, Package] = {}
    for package in packages:
        other = seen.setdefault(package.name, package)
        if other is not package:
            versions = " and ".join(sorted((other.version, package.version)))
            yield PrefixInconsistency("record", package, f"site-packages has it twice, as {versions}")


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
        return hashlib.sha256(_bytes_of(path)).hexdigest()
    except OSError:
        return ""


def _bytes_of(path: str) -> bytes:
    """Return the content of a file; a file object costs more than most of what is read here."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | NO_WAIT)
    try:
        content = os.read(handle, _CHUNK)
        if len(content) < _CHUNK:
            return content
        rest = [content]
        while chunk := os.read(handle, os.fstat(handle).st_size):
            rest.append(chunk)
        return b"".join(rest)
    finally:
        os.close(handle)


def _platform(packages: PackageSet) -> str:
    """Return the platform that most packages are for; this machine's where all are noarch."""
    subdirs = Counter(
        p.subdir for p in packages.values() if p.manager == "conda" and p.subdir not in ("", "noarch")
    )
    return min(subdirs, key=lambda subdir: (-subdirs[subdir], subdir)) if subdirs else this_platform()
