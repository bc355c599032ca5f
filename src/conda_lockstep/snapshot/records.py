"""Reads one record of ``conda-meta``: the package, and which Python distributions are its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conda_lockstep.lock.urls import split_package_url, without_credentials
from conda_lockstep.packages import Package

# conda and rattler write records indented by two. A line break cannot stand inside a JSON string, so these are
# the lists of files and nothing else; what is written otherwise is parsed whole.
_BULK = ((b'\n  "files": [\n', b"\n  ]"), (b'\n  "paths_data": {\n', b"\n  }"))
_OWNED = (b".dist-info/METADATA", b".egg-info/PKG-INFO")
_SUBDIR = re.compile(r"noarch|[a-z]+-[a-z0-9]+")


class MalformedRecordError(Exception):
    """A file in ``conda-meta`` is no record; the message says why."""


@dataclass(frozen=True, slots=True)
class OwnDistribution:
    """A Python distribution that a conda package brought.

    ``folder`` is its ``.dist-info`` or ``.egg-info``, relative to the prefix. ``record_sha256`` is the hash that its
    RECORD file had when conda wrote it, empty where conda did not note it.
    """

    folder: str
    record_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A package as ``conda-meta`` records it, with the Python distributions among its files."""

    package: Package
    distributions: tuple[OwnDistribution, ...] = ()


def parse_record(raw: bytes) -> Record:
    """Read the bytes of a record. Raises ``MalformedRecordError`` for what is none."""
    fields = _fields(raw)
    return Record(_package(fields), tuple(_distributions(raw)))


def _fields(raw: bytes) -> Mapping[str, object]:
    """Return the fields of a record but for its lists of files."""
    short = raw
    for opening, closing in _BULK:
        start = short.find(opening)
        end = short.find(closing, start) if start >= 0 else -1
        if end >= 0:
            short = short[: start + len(opening)] + short[end:]
    for text in (short, raw) if short is not raw else (raw,):
        try:
            fields = json.loads(text)
        except ValueError:
            continue
        if isinstance(fields, dict) and fields.get("name") and fields.get("version"):
            return fields
    raise MalformedRecordError("it is no JSON object with a name and a version")


def _package(fields: Mapping[str, object]) -> Package:
    url = without_credentials(_text(fields, "url"))
    parts = split_package_url(url) if url else None
    subdir = parts.subdir if parts and _SUBDIR.fullmatch(parts.subdir) else _text(fields, "subdir")
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


def _distributions(raw: bytes) -> Iterator[OwnDistribution]:
    seen = set()
    for marker in _OWNED:
        for path in _paths_with(raw, marker):
            folder = path.rpartition("/")[0]
            # setuptools and others carry distributions of their own deeper down; those are not importable
            if folder not in seen and folder.split("/")[-2:-1] == ["site-packages"]:
                seen.add(folder)
                yield OwnDistribution(folder, _recorded_sha256(raw, folder))


def _paths_with(raw: bytes, ending: bytes) -> Iterator[str]:
    """Yield the JSON strings that end so."""
    ending += b'"'
    position = raw.find(ending)
    while position >= 0:
        start = raw.rfind(b'"', 0, position)
        path = json.loads(raw[start : position + len(ending)])
        if "\\" not in path:
            yield path
        position = raw.find(ending, position + 1)


def _recorded_sha256(raw: bytes, folder: str) -> str:
    """Return the hash in ``paths_data`` of a distribution's RECORD, as it is after conda patched the prefix in."""
    position = raw.find(b'"_path": ' + json.dumps(f"{folder}/RECORD").encode())
    if position < 0:
        return ""
    try:
        entry = json.loads(raw[raw.rindex(b"{", 0, position) : raw.index(b"}", position) + 1])
    except ValueError:
        return ""
    digest = entry.get("sha256_in_prefix") or entry.get("sha256")
    return digest if isinstance(digest, str) else ""


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, object], key: str) -> int:
    value = fields.get(key)
    return int(value) if isinstance(value, (int, float)) else 0


def _texts(fields: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = fields.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
