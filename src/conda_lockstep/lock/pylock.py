"""Reads the ``pylock.toml`` (PEP 751) that uv writes, and chooses one file per package for one target."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.wheels import Target, best

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


def choose(text: str, target: Target, *, without: Container[str]) -> list[WheelFile]:
    """Return the wheel for each package but those in ``without``, by name.

    Raises ``LockstepError`` where no wheel of a package fits the target, or the one that does has no sha256.
    """
    packages = [
        package for package in _tables(tomllib.loads(text), "packages") if package["name"] not in without
    ]
    return sorted((_choose(package, target) for package in packages), key=lambda file: file.project)


def _choose(package: Mapping[str, object], target: Target) -> WheelFile:
    project, version = str(package["name"]), str(package.get("version", ""))
    urls = {unquote(urlsplit(url).path).rpartition("/")[2]: (url, sha256) for url, sha256 in _wheels(package)}
    chosen = best(sorted(urls), target)
    if chosen is None:
        what = f"no wheel of {project} {version} fits Python {target.python} on {target.platform}"
        raise LockstepError(what, remedy="ask for another version, or take it from conda")
    url, sha256 = urls[chosen]
    if not sha256:
        raise LockstepError(f"the index gives no sha256 for {chosen}", remedy="use an index that has hashes")
    return WheelFile(project, version, url, sha256)


def _wheels(package: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for wheel in _tables(package, "wheels"):
        hashes = wheel.get("hashes")
        sha256 = hashes.get("sha256", "") if isinstance(hashes, dict) else ""
        yield str(wheel.get("url", "")), str(sha256)


def _tables(table: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    listed = table.get(key, [])
    yield from (item for item in (listed if isinstance(listed, list) else []) if isinstance(item, dict))
