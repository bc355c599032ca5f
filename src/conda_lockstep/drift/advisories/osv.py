"""Reads advisories about PyPI projects from an export in the OSV format: a folder, a zip archive or a JSON file.

The format is https://ossf.github.io/osv-schema/; osv.dev exports a zip archive with one record per file.
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import read_bytes
from conda_lockstep.text.json_fields import Fields, Json, load_json

ECOSYSTEM = "PyPI"
MAX_FILE = 512 << 20
"""The largest JSON file or archive that is read: all of osv.dev for PyPI has about 30 MiB."""
MAX_RECORD = 16 << 20
"""The largest record in a folder or an archive."""

_RANGE_TYPES = ("ECOSYSTEM", "SEMVER")
"""The types of ranges that versions are compared with; commits (``GIT``) are not known of an installed package."""

EventKind: TypeAlias = Literal["introduced", "fixed", "last_affected", "limit"]
_EVENTS: tuple[EventKind, ...] = ("introduced", "fixed", "last_affected", "limit")


class RangeEvent(NamedTuple):
    """A version at which a range of affected versions begins or ends, as written."""

    kind: EventKind
    version: str


class Affected(NamedTuple):
    """The affected versions of one project (normalized name): a list of versions, and ranges of events.

    ``has_commits`` is true if there are ranges of commits, which cannot be compared with a version.
    """

    project: str
    versions: frozenset[str]
    ranges: tuple[tuple[RangeEvent, ...], ...]
    has_commits: bool = False


class Advisory(NamedTuple):
    """One record about PyPI projects. ``severity`` is as written: a word, and scores with their type."""

    id: str
    modified: str
    aliases: tuple[str, ...]
    summary: str
    severity: tuple[str, ...]
    affected: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class Advisories:
    """The advisories of an export by project, those that were withdrawn left out.

    ``unreadable`` are the entries that could not be read, each with the reason.
    """

    label: str
    by_project: Mapping[str, tuple[Advisory, ...]]
    unreadable: tuple[str, ...] = ()


def read_advisories(path: Path) -> Advisories:
    """Read an export. Raises ``LockstepError`` if it cannot be read, or has no record about a PyPI project."""
    found: dict[str, Advisory] = {}
    unreadable: list[str] = []
    withdrawn = 0
    for where, data in _documents(path):
        try:
            records = list(_records(data, where))
        except LockstepError as error:
            if not (path.is_dir() or zipfile.is_zipfile(path)):
                raise
            unreadable.append(str(error))
            continue
        for fields in records:
            try:
                advisory = _advisory(fields)
                is_withdrawn = bool(fields.optional_text("withdrawn"))
            except LockstepError as error:
                unreadable.append(str(error))
                continue
            withdrawn += is_withdrawn and bool(advisory.affected)
            # Of two records with one id, the schema lets the later one decide.
            if advisory.id not in found or found[advisory.id].modified <= advisory.modified:
                found[advisory.id] = advisory._replace(affected=()) if is_withdrawn else advisory
    by_project: dict[str, list[Advisory]] = defaultdict(list)
    for advisory in found.values():
        for project in {each.project for each in advisory.affected}:
            by_project[project].append(advisory)
    if not by_project and not withdrawn:
        raise _nothing(path, unreadable)
    return Advisories(
        str(path), {name: tuple(each) for name, each in sorted(by_project.items())}, tuple(unreadable)
    )


def _nothing(path: Path, unreadable: list[str]) -> LockstepError:
    remedy = "pass an export of https://osv.dev for PyPI, in the OSV format"
    return LockstepError(
        "has no advisory about a PyPI project", where=str(path), remedy=remedy, detail=tuple(unreadable[:5])
    )


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the JSON documents of an export that may be about PyPI, each with its place."""
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            if file.is_file():
                yield from _relevant(str(file), read_bytes(file, str(file), MAX_RECORD))
    elif path.is_file() and zipfile.is_zipfile(path):
        yield from _in_archive(path)
    else:
        yield str(path), read_bytes(path, str(path), MAX_FILE)


def _in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".json"):
                    where = f"{path}: {info.filename}"
                    yield from _relevant(where, _member(archive, info))
    except (zipfile.BadZipFile, OSError) as error:
        raise LockstepError(
            f"cannot be read as a zip archive: {error}", where=str(path), remedy="download it again"
        ) from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return the content of a file in an archive, empty for what cannot be unpacked or is too large."""
    if info.file_size > MAX_RECORD:
        return b""
    try:
        with archive.open(info) as file:
            data = file.read(MAX_RECORD + 1)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError):
        return b""  # encrypted, of an unknown compression, or damaged
    return data if len(data) <= MAX_RECORD else b""


def _relevant(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a document unless it is whole and names another ecosystem only: there are hundreds of thousands."""
    text = data.strip()
    if f'"{ECOSYSTEM}'.encode() in text or text[:1] + text[-1:] != b"{}":
        yield where, data


def _records(data: bytes, where: str) -> Iterator[Fields]:
    """Yield the records of a document: one, or a list of them."""
    try:
        value: Json = load_json(data)
    except ValueError:
        raise LockstepError("is not JSON", where=where, remedy="pass an export in the OSV format") from None
    for position, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{where}[{position}]" if isinstance(value, list) else where
        if not isinstance(item, dict):
            raise LockstepError(
                "is not an OSV record", where=place, remedy="pass an export in the OSV format"
            )
        yield Fields(item, place)


def _advisory(fields: Fields) -> Advisory:
    affected, severity = [], list(_severity(fields))
    for child in fields.children("affected"):
        # The ecosystem may have a suffix after a colon.
        if child.has("package") and child.text("package.ecosystem").partition(":")[0] == ECOSYSTEM:
            affected.append(_affected(child))
            severity += _severity(child)
    return Advisory(
        id=fields.text("id"),
        modified=fields.optional_text("modified"),
        aliases=fields.texts("aliases"),
        summary=fields.optional_text("summary"),
        severity=tuple(dict.fromkeys(severity)),
        affected=tuple(affected),
    )


def _severity(fields: Fields) -> Iterator[str]:
    """Yield the severity as written: GitHub's word for it, then the scores."""
    specific = fields.values.get("database_specific")
    if isinstance(specific, dict) and isinstance(word := specific.get("severity"), str):
        yield word
    for child in fields.children("severity"):
        kind, score = child.text("type"), child.text("score")
        yield score if score.startswith("CVSS:") else f"{kind} {score}"


def _affected(fields: Fields) -> Affected:
    ranges, has_commits = [], False
    for child in fields.children("ranges"):
        if child.text("type") not in _RANGE_TYPES:
            has_commits = True
            continue
        events = [
            RangeEvent(kind, event.text(kind))
            for event in child.children("events")
            for kind in _EVENTS
            if event.has(kind)
        ]
        ranges.append(tuple(events))
    name = normalize(fields.text("package.name"))
    return Affected(name, frozenset(fields.texts("versions")), tuple(ranges), has_commits)
