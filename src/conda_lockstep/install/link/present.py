"""What is in a prefix, file by file: conda's records and pip's distributions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.install.fetch.contents import PackagePaths
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.distributions import Distribution, find_distributions, read_package
from conda_lockstep.snapshot.records import MalformedRecordError, parse_record

_HASHED = ("hardlink", "unix_python_entry_point")
_SITE_PACKAGES = ("lib/python*/site-packages", "Lib/site-packages")


class InstalledFile(NamedTuple):
    """A file as it was installed. ``sha256`` (hex) is empty where nothing is known of its bytes."""

    path: str
    sha256: str = ""


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
        return PackagePaths(self.package, {file.path: file.sha256 for file in self.files})


@dataclass(frozen=True, slots=True)
class Present:
    """All that a prefix has. ``unusable`` are records that are unreadable, double, or not what their names say."""

    conda: tuple[Owner, ...]
    pip: tuple[Owner, ...]
    unusable: tuple[Path, ...]


def look(prefix: Path) -> Present:
    """Read the records of a prefix; of a prefix that is not there, nothing."""
    conda: dict[str, Owner] = {}
    unusable: list[Path] = []
    owned: set[str] = set()
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            raw = path.read_bytes()
            record = parse_record(raw)
            files = tuple(_conda_files(json.loads(raw)))
        except (OSError, ValueError, MalformedRecordError):
            unusable.append(path)
            continue
        package = record.package
        if path.stem != f"{package.name}-{package.version}-{package.build}":
            unusable.append(path)
            continue
        if package.name in conda:
            unusable += [path, conda.pop(package.name).record]
            continue
        conda[package.name] = Owner(package, path, files)
        owned |= {str(prefix / own.folder) for own in record.distributions}
    pip = tuple(_distributions(prefix, owned))
    return Present(tuple(conda.values()), pip, tuple(unusable))


def _conda_files(record: Mapping[str, object]) -> Iterator[InstalledFile]:
    data = record.get("paths_data")
    paths = data.get("paths") if isinstance(data, dict) else None
    for entry in paths if isinstance(paths, list) else ():
        if not isinstance(entry, dict):
            continue
        kind = entry.get("path_type")
        # What Python compiles, it compiles again when it likes.
        if kind in ("pyc_file", "directory"):
            continue
        known = str(entry.get("sha256_in_prefix") or entry.get("sha256") or "") if kind in _HASHED else ""
        yield InstalledFile(str(entry.get("_path", "")), known)
    listed = record.get("files") if not paths else None
    for path in listed if isinstance(listed, list) else ():
        if not str(path).endswith(".pyc"):
            yield InstalledFile(str(path))


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
