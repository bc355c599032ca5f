"""Reads one record of ``conda-meta``: the package, and which Python distributions are its own."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conda_lockstep.conda.subdirs import KNOWN_SUBDIRS
from conda_lockstep.conda.urls import split_package_url, without_credentials
from conda_lockstep.packages import Package
from conda_lockstep.text.json_fields import load_json

_OWNED = (b'.dist-info/METADATA"', b'.egg-info/PKG-INFO"')
_HASHES = (b'"sha256_in_prefix":', b'"sha256":')
_HASH_DIGITS = 64


class MalformedRecordError(Exception):
    """A file in ``conda-meta`` is no record; the message says why."""


class OwnDistribution(NamedTuple):
    """A Python distribution that a conda package brought.

    ``folder`` is its ``.dist-info`` or ``.egg-info``, relative to the prefix. ``record_sha256`` is the hash that its
    RECORD file had when conda wrote it, empty where conda did not note it.
    """

    folder: str
    record_sha256: str = ""


class Record(NamedTuple):
    """A package as ``conda-meta`` records it, with the Python distributions among its files.

    ``raw`` are the bytes of the record, ``files`` where in them its list of files lies.
    """

    package: Package
    distributions: tuple[OwnDistribution, ...]
    raw: bytes
    files: slice

    def lists(self, path: str) -> bool:
        """Say whether a path, relative to the prefix, is among the files."""
        return self.raw.find(json.dumps(path).encode(), self.files.start, self.files.stop) >= 0


class _Bulk(NamedTuple):
    """Where a record's ``files`` and ``paths_data`` lie; nearly all of its bytes, and none of its fields."""

    files: slice
    paths: slice


def parse_record(raw: bytes) -> Record:
    """Read the bytes of a record. Raises ``MalformedRecordError`` for what is none."""
    bulk = _find_bulk(raw)
    fields = _fields(_without(raw, bulk)) if bulk else None
    if fields is None:
        bulk, fields = None, _fields(raw)
    if fields is None:
        raise MalformedRecordError("it is no JSON object with a name and a version")
    bulk = bulk or _Bulk(slice(0, len(raw)), slice(0, len(raw)))
    return Record(_package(fields), tuple(_distributions(raw, bulk)), raw, bulk.files)


def _find_bulk(raw: bytes) -> _Bulk | None:
    """Find the lists of files by how conda and rattler indent them; None where they are laid out otherwise.

    A line break cannot stand inside a JSON string, so that these lines are what they look like.
    """
    files = raw.find(b'\n  "files": [\n')
    files_end = raw.find(b"\n  ]", files + 1)
    paths = raw.find(b'\n  "paths_data": {\n', max(files_end, 0))
    last_entry = raw.rfind(b"\n      }\n    ]", max(paths, 0))
    paths_end = raw.find(b"\n  }", max(last_entry, paths) + 1)
    if min(files, files_end, paths, paths_end) < 0:
        return None
    return _Bulk(slice(raw.index(b"[", files) + 1, files_end), slice(raw.index(b"{", paths) + 1, paths_end))


def _without(raw: bytes, bulk: _Bulk) -> bytes:
    return raw[: bulk.files.start] + raw[bulk.files.stop : bulk.paths.start] + raw[bulk.paths.stop :]


def _fields(text: bytes) -> Mapping[str, object] | None:
    """Return the fields of a record; None for what is none."""
    try:
        fields = load_json(text)
    except ValueError:
        return None
    if not isinstance(fields, dict) or not (_text(fields, "name") and _text(fields, "version")):
        return None
    return fields


def _package(fields: Mapping[str, object]) -> Package:
    url = without_credentials(_text(fields, "url"))
    parts = split_package_url(url) if url else None
    subdir = parts.subdir if parts and parts.subdir in KNOWN_SUBDIRS else _text(fields, "subdir")
    timestamp = _number(fields, "timestamp")
    return Package(
        "conda",
        _text(fields, "name"),
        _text(fields, "version"),
        _text(fields, "build") or _text(fields, "build_string"),
        subdir,
        parts.channel if parts and parts.name else without_credentials(_text(fields, "channel")),
        url,
        sha256=_text(fields, "sha256").lower(),
        md5=_text(fields, "md5").lower(),
        size=_number(fields, "size"),
        timestamp=timestamp // 1000 if timestamp > _LAST_IN_SECONDS else timestamp,
        depends=_texts(fields, "depends"),
        constrains=_texts(fields, "constrains"),
    )


_LAST_IN_SECONDS = 253_402_300_799
"""The end of the year 9999; conda writes milliseconds, and wrote seconds once."""


def _distributions(raw: bytes, bulk: _Bulk) -> Iterator[OwnDistribution]:
    """Yield the distributions among the files, by searching the bytes for what every distribution has."""
    seen = set()
    for path in _info_files(raw, bulk.files):
        folder = path.rpartition("/")[0]
        # setuptools and others carry distributions of their own deeper down; those are not importable
        if folder not in seen and folder.split("/")[-2:-1] == ["site-packages"]:
            seen.add(folder)
            yield OwnDistribution(folder, _recorded_sha256(raw, bulk.paths, folder))


def _info_files(raw: bytes, within: slice) -> Iterator[str]:
    """Yield the files of a list that hold the metadata of a distribution."""
    position = raw.find(b"-info/", within.start, within.stop)
    while position >= 0:
        for owned in _OWNED:
            start = position - owned.index(b"-")
            if raw.startswith(owned, start):
                yield _string(raw[raw.rfind(b'"', within.start, start) : start + len(owned)])
        position = raw.find(b"-info/", position + 1, within.stop)


def _string(literal: bytes) -> str:
    """Read a JSON string, its quotes included."""
    return json.loads(literal) if b"\\" in literal else literal[1:-1].decode("utf-8", "replace")


def _recorded_sha256(raw: bytes, within: slice, folder: str) -> str:
    """Return the hash that ``paths_data`` notes of a distribution's RECORD, as it is in this prefix."""
    path = json.dumps(f"{folder}/RECORD").encode()
    position = raw.find(b'"_path": ' + path, within.start, within.stop)
    if position < 0:
        position = raw.find(b'"_path":' + path, within.start, within.stop)
    if position < 0:
        return ""
    entry = raw[raw.rfind(b"{", within.start, position) : raw.find(b"}", position, within.stop)]
    for key in _HASHES:
        digest = entry.partition(key)[2].lstrip()[1 : _HASH_DIGITS + 1]
        if len(digest) == _HASH_DIGITS and digest.isalnum():
            return digest.decode()
    return ""


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, object], key: str) -> int:
    value = fields.get(key)
    return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0


def _texts(fields: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = fields.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
