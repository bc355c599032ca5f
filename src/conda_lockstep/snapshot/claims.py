"""Which package installed which file of a prefix: ``paths_data`` of conda-meta, and pip's RECORD (PEP 376)."""

from __future__ import annotations

import binascii
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from conda_lockstep.packages import Package
from conda_lockstep.snapshot.distributions import Distribution
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.snapshot.records import Record
from conda_lockstep.text.json_fields import load_json

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The sha256 of nothing, which packers also note of links."""

_UNTOLD = ("directory", "linked_package_record")
_SCRIPTS = ("unix_python_entry_point", "unix_python_entry_point_link")


class Claim(NamedTuple):
    """What one package recorded of one file.

    ``path`` is relative to the prefix. ``sha256`` is the file's hash in this prefix, empty where it was not recorded;
    ``original`` the one it had in the package; ``size`` is in bytes, -1 where unknown or changed on the way.
    ``link``: it is a symbolic link. ``made``: it was made on this machine, and may be made anew (byte code).
    ``script``: an installer wrote it, with the prefix in its first line. ``placeholder`` is the text that was replaced
    by the prefix, as C strings where the file is ``binary``; empty where nothing was.
    """

    owner: Package
    path: str
    sha256: str = ""
    original: str = ""
    size: int = -1
    link: bool = False
    made: bool = False
    script: bool = False
    placeholder: str = ""
    binary: bool = False


def of_record(record: Record) -> Iterator[Claim]:
    """Yield what a record of conda-meta claims; the plain list of files where there are no ``paths_data``.

    conda notes the paths of ``noarch: python`` packages as they are in the package (``site-packages/…``,
    ``python-scripts/…``), and only in ``files`` where they are in the prefix; rattler and libmamba note the latter.
    """
    fields = loaded(record.raw)
    data = fields.get("paths_data")
    entries = data.get("paths") if isinstance(data, dict) else None
    listed = fields.get("files")
    files = [path for path in listed if isinstance(path, str)] if isinstance(listed, list) else []
    folders = _folders(files)
    seen = set()
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("_path"), str):
            path = _in_prefix(entry["_path"], folders)
            seen.add(path)
            yield from _of_entry(record.package, entry, path)
    yield from (Claim(record.package, path, made=path.endswith(".pyc")) for path in files if path not in seen)


def loaded(raw: bytes) -> dict[str, Any]:
    """Return the fields of a record, none for what is no JSON object, or nested beyond reason."""
    try:
        fields = load_json(raw)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _folders(files: Sequence[str]) -> dict[str, str]:
    """Return where the two folders of a ``noarch: python`` package are in the prefix, as its files tell."""
    modules = next((path.partition("/site-packages/")[0] for path in files if "/site-packages/" in path), "")
    programs = "Scripts/" if any(path.startswith("Scripts/") for path in files) else "bin/"
    return {"site-packages/": f"{modules}/site-packages/" if modules else "", "python-scripts/": programs}


def _in_prefix(path: str, folders: Mapping[str, str]) -> str:
    """Return where a path of ``paths_data`` is in the prefix."""
    for inside, folder in folders.items():
        if path.startswith(inside) and folder:
            return folder + path.removeprefix(inside)
    return path


def _of_entry(owner: Package, entry: dict[str, Any], path: str) -> Iterator[Claim]:
    kind = entry.get("path_type")
    if kind in _UNTOLD:
        return
    original, here = _hex(entry.get("sha256")), _hex(entry.get("sha256_in_prefix"))
    placeholder = entry.get("prefix_placeholder")
    rewritten = bool(placeholder) or (here not in ("", original))
    size = entry.get("size_in_bytes")
    yield Claim(
        owner,
        path,
        sha256=here or ("" if rewritten else original),
        original=original,
        size=size if isinstance(size, int) and not rewritten else -1,
        link=kind == "softlink",
        made=kind == "pyc_file" or path.endswith(".pyc"),
        script=kind in _SCRIPTS,
        placeholder=placeholder if isinstance(placeholder, str) and kind != "softlink" else "",
        binary=entry.get("file_mode") == "binary",
    )


def of_distribution(root: str, distribution: Distribution, owner: Package) -> Iterator[Claim]:
    """Yield what the RECORD of a distribution that pip installed claims; nothing where it has none."""
    import csv  # verify alone reads no RECORD

    folder = os.path.relpath(os.path.dirname(distribution.path), root)
    try:
        with open(
            os.path.join(distribution.path, "RECORD"),
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
            opener=no_wait,
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
            script = where.startswith(("bin/", "Scripts/"))
            yield Claim(owner, where, sha256, sha256, number, made=path.endswith(".pyc"), script=script)


def _hex(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def recorded_sha256(text: str) -> str:
    """Return the digest of ``sha256=BASE64`` as hex, empty for any other."""
    name, _, digest = text.partition("=")
    if name != "sha256":
        return ""
    # base64 itself takes longer to load than a RECORD to read.
    standard = digest.replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(standard + "=" * (-len(standard) % 4)).hex()
    except (binascii.Error, ValueError):
        return ""
