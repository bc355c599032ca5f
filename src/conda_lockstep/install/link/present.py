"""What is in a prefix, file by file: conda's records and pip's distributions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.conda.package_path import is_inside
from conda_lockstep.install.fetch.contents import PackagePaths
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.claims import of_record
from conda_lockstep.snapshot.distributions import Distribution, find_distributions, read_package
from conda_lockstep.snapshot.records import MalformedRecordError, Record, parse_record

_SITE_PACKAGES = ("lib/python*/site-packages", "Lib/site-packages")


class InstalledFile(NamedTuple):
    """A file as it was installed; ``sha256`` (hex) is empty where it is not known, ``link`` says that it is a link."""

    path: str
    sha256: str = ""
    link: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """A package that is in a prefix, with its files by paths relative to the prefix.

    ``record`` is its file in ``conda-meta``, or its ``.dist-info`` or ``.egg-info``.
    """

    package: Package
    record: Path
    files: tuple[InstalledFile, ...]

    @property
    def contents(self) -> PackagePaths:
        """Return the paths, for what else is to be installed."""
        links = frozenset(file.path for file in self.files if file.link)
        return PackagePaths(self.package, {file.path: file.sha256 for file in self.files}, links)


@dataclass(frozen=True, slots=True)
class Present:
    """All that a prefix has. ``unusable`` are records that are unreadable, double, or not what their names say."""

    conda: tuple[Owner, ...]
    pip: tuple[Owner, ...]
    unusable: tuple[Path, ...]


def look(prefix: Path) -> Present:
    """Read the records of a prefix; of a prefix that does not exist, none.

    A record is unusable where it is a link, or lists a path outside of the prefix: what is written or removed because
    of it would be elsewhere.
    """
    conda: dict[str, Owner] = {}
    unusable: list[Path] = []
    owned: set[str] = set()
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            record = parse_record(path.read_bytes())
        except (OSError, MalformedRecordError):
            unusable.append(path)
            continue
        package = record.package
        if path.is_symlink() or path.stem != f"{package.name}-{package.version}-{package.build}":
            unusable.append(path)
            continue
        files = tuple(_conda_files(record))
        if not all(is_inside(file.path) for file in files):
            unusable.append(path)
            continue
        if package.name in conda:
            unusable += [path, conda.pop(package.name).record]
            continue
        conda[package.name] = Owner(package, path, files)
        owned |= {str(prefix / own.folder) for own in record.distributions}
    pip = tuple(_distributions(prefix, owned))
    return Present(tuple(conda.values()), pip, tuple(unusable))


def _conda_files(record: Record) -> Iterator[InstalledFile]:
    for claim in of_record(record):
        # What Python compiles, it compiles again when it likes.
        if not claim.made:
            yield InstalledFile(claim.path, "" if claim.link else claim.sha256, claim.link)


def _distributions(prefix: Path, owned: set[str]) -> Iterator[Owner]:
    for site_packages in (path for pattern in _SITE_PACKAGES for path in sorted(prefix.glob(pattern))):
        for found in find_distributions(
            str(site_packages), sorted(path.name for path in site_packages.iterdir())
        ):
            if found.path not in owned:
                yield _owner(found, prefix, site_packages)


def _owner(found: Distribution, prefix: Path, site_packages: Path) -> Owner:
    record = Path(found.path)
    package = read_package(found) or Package("pip", found.project, "")
    return Owner(package, record, tuple(_pip_files(record, prefix, site_packages)))


def _pip_files(record: Path, prefix: Path, site_packages: Path) -> Iterator[InstalledFile]:
    """Yield what RECORD (PEP 376) or setuptools' ``installed-files.txt`` lists, but nothing outside of the prefix."""
    import csv

    from conda_lockstep.install.fetch.wheel import record_rows

    try:
        if (record / "RECORD").is_file():
            text, base = (record / "RECORD").read_text("utf-8"), site_packages
        else:
            text, base = (record / "installed-files.txt").read_text("utf-8"), record
        rows = list(record_rows(text))
    except (OSError, UnicodeDecodeError, csv.Error):
        return
    root = f"{prefix}{os.sep}"
    for path, digest in rows:
        full = os.path.normpath(base / path)
        if full.startswith(root) and not full.endswith(".pyc"):
            yield InstalledFile(full.removeprefix(root).replace(os.sep, "/"), digest)
