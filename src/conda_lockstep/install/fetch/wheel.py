"""Which paths a wheel puts into a prefix (PEP 427), and what a RECORD says of them (PEP 376)."""

from __future__ import annotations

import configparser
import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.contents import PackagePaths, PythonLayout, checked
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.claims import recorded_sha256


def of_wheel(package: Package, wheel: Path, layout: PythonLayout) -> PackagePaths:
    """Return what a wheel puts into a prefix. Raises ``LockstepError`` for what is none, or leads out of the prefix."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            info = next(name.partition("/")[0] for name in names if name.endswith(".dist-info/RECORD"))
            rows = record_rows(archive.read(f"{info}/RECORD").decode("utf-8"))
            hashes = dict(rows)
            points = f"{info}/entry_points.txt"
            text = archive.read(points).decode("utf-8") if points in names else ""
    except (OSError, zipfile.BadZipFile, StopIteration, UnicodeDecodeError, csv.Error) as error:
        raise LockstepError(f"is no wheel: {error or 'it has no RECORD'}", where=package.url) from None
    data = f"{info.removesuffix('.dist-info')}.data/"
    found = {_of_wheel(name, data, package, layout): hashes.get(name, "") for name in names}
    for name, target in _console_scripts(text):
        found[f"{layout.scripts}/{name}"] = f"entry point {target}"
    return checked(PackagePaths(package, found))


def record_rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield the paths in a RECORD, each with its sha256 as hex, empty where it has none. Raises ``csv.Error``."""
    for row in csv.reader(text.splitlines()):
        if row:
            yield row[0], recorded_sha256(row[1]) if len(row) > 1 else ""


def _of_wheel(name: str, data: str, package: Package, layout: PythonLayout) -> str:
    if not name.startswith(data):
        return f"{layout.site_packages}/{name}"
    kind, _, path = name.removeprefix(data).partition("/")
    if kind in ("purelib", "platlib"):
        return f"{layout.site_packages}/{path}"
    if kind == "headers":
        return f"{layout.headers}/{package.name}/{path}"
    return f"{layout.scripts}/{path}" if kind == "scripts" else path


class _EntryPoints(configparser.ConfigParser):
    """Reads ``entry_points.txt``; names of programs keep their case."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _console_scripts(text: str) -> Iterator[tuple[str, str]]:
    parser = _EntryPoints(delimiters=("=",), interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            yield from ((name, "".join(target.split())) for name, target in parser.items(section))
