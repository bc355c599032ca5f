"""Reads the ``pylock.toml`` (PEP 751) that uv writes, and chooses one file per package for one target."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.pip.wheels import WheelTarget, best

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A wheel of a project; ``sha256`` is lower-case hex."""

    project: str
    version: str
    url: str
    sha256: str


def choose(
    text: str,
    target: WheelTarget,
    *,
    without: Container[str],
    hashes: Mapping[str, frozenset[str]],
    places: Mapping[str, Location],
) -> list[WheelFile]:
    """Return the wheel for each package but those in ``without``, by name.

    The wheel of a project in ``hashes`` has one of those sha256; ``places`` are those of the entries that
    request one. Raises ``LockstepError`` where no wheel of a package fits the target, or the one that does has no
    sha256.
    """
    packages = [
        package for package in _tables(tomllib.loads(text), "packages") if package["name"] not in without
    ]
    chosen = []
    for package in packages:
        project = str(package["name"])
        try:
            chosen.append(_choose(package, project, target, hashes.get(project)))
        except LockstepError as error:
            raise LockstepError(error.what, where=places.get(project), remedy=error.remedy) from None
    return sorted(chosen, key=lambda file: file.project)


def any_wheels(text: str, projects: Container[str], target: WheelTarget) -> list[WheelFile]:
    """Return a wheel for each of some projects, one that fits the target where there is one: all have one METADATA."""
    found = []
    for package in _tables(tomllib.loads(text), "packages"):
        project, version = str(package["name"]), str(package.get("version", ""))
        urls = {_file_name(url): (url, sha256) for url, sha256 in _wheels(package)}
        if project in projects and urls:
            url, sha256 = urls[best(sorted(urls), target) or min(urls)]
            found.append(WheelFile(project, version, url, sha256))
    return found


def _choose(
    package: Mapping[str, object], project: str, target: WheelTarget, hashes: frozenset[str] | None
) -> WheelFile:
    version = str(package.get("version", ""))
    urls = {_file_name(url): (url, sha256) for url, sha256 in _wheels(package)}
    chosen = best(sorted(name for name in urls if hashes is None or urls[name][1] in hashes), target)
    if chosen is None and hashes and best(sorted(urls), target):
        what = f"no wheel of {project} {version} has one of the requested hashes"
        raise LockstepError(what, remedy="remove the hashes, or find out why the file was replaced")
    if chosen is None:
        what = f"no wheel of {project} {version} fits Python {target.python} on {target.named}"
        has = f"; available: {', '.join(sorted(urls))}" if urls else ""
        raise LockstepError(f"{what}{has}", remedy="request another version, or use conda's")
    url, sha256 = urls[chosen]
    if not sha256:
        raise LockstepError(f"the index has no sha256 for {chosen}", remedy="use an index with hashes")
    return WheelFile(project, version, url, sha256)


def _wheels(package: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    # An entry that names its file is an archive to uv, by its path where it lies on this machine.
    archive = package.get("archive")
    for wheel in (*_tables(package, "wheels"), *([archive] if isinstance(archive, dict) else [])):
        hashes = wheel.get("hashes")
        sha256 = hashes.get("sha256", "") if isinstance(hashes, dict) else ""
        url = wheel.get("url") or Path(str(wheel["path"])).as_uri()
        yield str(url), str(sha256)


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


def _tables(table: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    listed = table.get(key, [])
    yield from (item for item in (listed if isinstance(listed, list) else []) if isinstance(item, dict))
