"""Who brought which file of a prefix, and with which bytes: conda-meta's ``paths_data``, and pip's RECORD (PEP 376)."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from conda_lockstep.packages import Package
from conda_lockstep.snapshot.distributions import Distribution
from conda_lockstep.snapshot.records import Record

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The sha256 of nothing, which packers also note of links."""

_UNTOLD = ("directory", "linked_package_record")


class Claim(NamedTuple):
    """One package's word on one file.

    ``path`` is relative to the prefix. ``sha256`` is the file's hash in this prefix, empty where it was not recorded;
    ``original`` the one it had in the package; ``size`` is in bytes, -1 where unknown or changed on the way.
    ``link``: it is a symbolic link. ``made``: it was made on this machine, and may be made anew (byte code).
    """

    owner: Package
    path: str
    sha256: str = ""
    original: str = ""
    size: int = -1
    link: bool = False
    made: bool = False


def of_record(record: Record) -> Iterator[Claim]:
    """Yield what a record of conda-meta claims; the plain list of files where there are no ``paths_data``."""
    fields: dict[str, Any] = json.loads(record.raw)
    data = fields.get("paths_data")
    entries = data.get("paths") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries:
        files = fields.get("files")
        entries = [{"_path": path} for path in files] if isinstance(files, list) else []
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("_path"), str):
            yield from _of_entry(record.package, entry)


def _of_entry(owner: Package, entry: dict[str, Any]) -> Iterator[Claim]:
    kind, path = entry.get("path_type"), entry["_path"]
    if kind in _UNTOLD:
        return
    original, here = _hex(entry.get("sha256")), _hex(entry.get("sha256_in_prefix"))
    rewritten = bool(entry.get("prefix_placeholder")) or (here not in ("", original))
    size = entry.get("size_in_bytes")
    yield Claim(
        owner,
        path,
        sha256=here or ("" if rewritten else original),
        original=original,
        size=size if isinstance(size, int) and not rewritten else -1,
        link=kind == "softlink",
        made=kind == "pyc_file" or path.endswith(".pyc"),
    )


def of_distribution(root: str, distribution: Distribution, owner: Package) -> Iterator[Claim]:
    """Yield what the RECORD of a distribution that pip installed claims; nothing where it has none."""
    folder = os.path.relpath(os.path.dirname(distribution.path), root)
    try:
        with open(
            os.path.join(distribution.path, "RECORD"), encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, csv.Error):
        return
    for row in rows:
        path, recorded, size = (*row, "", "")[:3]
        where = os.path.normpath(os.path.join(folder, path))
        if not where.startswith(("..", "/")):
            sha256 = recorded_sha256(recorded)
            number = int(size) if size.isdecimal() else -1
            yield Claim(owner, where, sha256, sha256, number, made=path.endswith(".pyc"))


def _hex(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def recorded_sha256(text: str) -> str:
    """Return the digest of ``sha256=BASE64`` as hex, empty for any other."""
    name, _, digest = text.partition("=")
    if name != "sha256":
        return ""
    try:
        return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()
    except (binascii.Error, ValueError):
        return ""
