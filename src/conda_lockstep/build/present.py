"""What is in a prefix, file by file: conda's records and pip's distributions, and which files are not as installed."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.build.contents import Contents
from conda_lockstep.build.digest import digest_of
from conda_lockstep.packages import Key, Package
from conda_lockstep.snapshot.distributions import Distribution, find_distributions, read_package
from conda_lockstep.snapshot.records import MalformedRecordError, parse_record

BATCH = 64

_HASHED = ("hardlink", "unix_python_entry_point")
_SITE_PACKAGES = ("lib/python*/site-packages", "Lib/site-packages")


class File(NamedTuple):
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
    files: tuple[File, ...]

    @property
    def contents(self) -> Contents:
        """Return the paths, for what else is to be installed."""
        return Contents(self.package, {file.path: file.sha256 for file in self.files})


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


def differing(
    prefix: Path, owners: Iterable[Owner], among: Container[Key] | None = None
) -> dict[Package, str]:
    """Return the packages whose files are not as they were installed, each with what is wrong in a few words.

    Every byte is read, of all packages or of those ``among`` them. Of a path with two owners, the bytes of either will
    do.
    """
    owners = tuple(owners)
    asked = [owner for owner in owners if among is None or owner.package.key in among]
    hashes: dict[str, set[str]] = {file.path: set() for owner in asked for file in owner.files}
    for owner in owners:
        for file in owner.files:
            if file.path in hashes:
                hashes[file.path].add(file.sha256)
    states = _states(prefix, hashes)
    found = {}
    for owner in asked:
        wrong = [(file.path, states[file.path]) for file in owner.files if states[file.path]]
        if wrong:
            (path, what), more = wrong[0], len(wrong) - 1
            found[owner.package] = f"{path} {what}" + (f", and {more} more" if more else "")
    return found


def _states(prefix: Path, hashes: Mapping[str, set[str]]) -> dict[str, str]:
    from concurrent.futures import ThreadPoolExecutor

    def states(paths: Sequence[str]) -> list[str]:
        return [_state(prefix, path, hashes[path]) for path in paths]

    # In batches: to hand a small file to a thread costs more than to hash it.
    names = list(hashes)
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = [state for batch in pool.map(states, batches) for state in batch]
    return dict(zip(names, found, strict=True))


def _state(prefix: Path, path: str, hashes: set[str]) -> str:
    """Return ``is missing`` or ``was changed``, nothing where a file is as it should be."""
    full = prefix / path
    try:
        if "" in hashes or full.is_symlink():
            full.lstat()
            return ""
        digest = digest_of(full)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if digest in hashes else "was changed"


def _conda_files(record: Mapping[str, object]) -> Iterator[File]:
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
        yield File(str(entry.get("_path", "")), known)
    listed = record.get("files") if not paths else None
    for path in listed if isinstance(listed, list) else ():
        if not str(path).endswith(".pyc"):
            yield File(str(path))


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


def _pip_files(record: Path, prefix: Path, site_packages: Path) -> Iterator[File]:
    """Yield what RECORD (PEP 376) or setuptools' ``installed-files.txt`` lists, but nothing outside of the prefix."""
    import csv

    from conda_lockstep.build.wheel import record_rows

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
            yield File(full.removeprefix(root).replace(os.sep, "/"), digest)
