"""The fast way to read a lock: regular expressions for exactly the text that our writer writes.

Anything else, right or wrong, is left to the YAML reader, which takes ten times as long and has to be loaded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from conda_lockstep.conda.dependencies import join
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.lock.formats.cep37_entry import package_of
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.yaml_scalars import KEY, PLAIN, SINGLE, unquoted

if TYPE_CHECKING:
    from conda_lockstep.packages import Manager

_WORD = rf"({SINGLE}|{PLAIN})\n"
_START = "- name: "
_ENTRY = re.compile(
    rf"{_WORD}"
    rf"  version: ({SINGLE})\n"
    r"  manager: (conda|pip)\n"
    rf"  platform: {_WORD}"
    r"  dependencies:(?: \{\}\n|\n((?:    \S.*\n)+))"
    rf"  url: {_WORD}"
    r"  hash:(?: \{\}\n|\n(?=    )(?:    md5: '([0-9a-f]{32})'\n)?(?:    sha256: '([0-9a-f]{64})'\n)?)"
    rf"(?:  build: ({SINGLE})\n)?"
    r"  category: main\n"
    r"  optional: false"
)
"""An entry without its first characters and the end of its last line."""
_KEPT = 1 << 15
"""The number of entries that are kept: of two locks of one environment, most are the same."""
_MAPPING = rf"(?: \{{\}}\n|\n((?:    {KEY}: {SINGLE}\n)+))"
_HEAD = re.compile(
    r"(?:\#[^\n]*\n)*version: 1\nmetadata:\n"
    rf"  content_hash:{_MAPPING}"
    rf"  channels:(?: \[\]\n|\n((?:  - url: (?:{SINGLE}|{PLAIN})\n    used_env_vars: \[\]\n)+))"
    rf"  platforms:(?: \[\]\n|\n((?:  - (?:{SINGLE}|{PLAIN})\n)+))"
    rf"  sources:(?: \[\]\n|\n((?:  - (?:{SINGLE}|{PLAIN})\n)+))"
    rf"(?:  custom_metadata:{_MAPPING})?"
)
_ITEM = re.compile(rf"  - (?:url: )?{_WORD}")
_PAIR = re.compile(rf"    ({KEY}): ({SINGLE})\n")


_SPECIAL = re.compile("[\x85\u2028\u2029\ufeff]")
"""What YAML takes for the end of a line, within quotes, too; so it does CR."""


def parse_canonical(text: str) -> Lock | None:
    """Read what the writer wrote; None for any other text."""
    if "\r" in text or (not text.isascii() and _SPECIAL.search(text)):
        return None
    head, found, body = text.partition("\npackage:\n")
    if not found or len(head) > 1 << 20:
        return None
    lock = _head(f"{head}\n")
    entries = _entries(body) if lock else None
    if lock is None or entries is None or not entries.keys() <= lock.platforms.keys():
        return None
    platforms = {name: PackageSet.of(entries.get(name, ())) for name in lock.platforms}
    if any(len(platforms[name]) != len(listed) for name, listed in entries.items()):
        return None
    return Lock(platforms, lock.channels, lock.sources, lock.metadata, content_hash=lock.content_hash)


def _head(text: str) -> Lock | None:
    """Read all but the packages; None where it is not of the writer's form."""
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    hashes, channels, platforms, sources, metadata = (lines or "" for lines in match.groups())
    names, pairs, digests = _items(platforms), _pairs(metadata), _pairs(hashes)
    if len(set(names)) != len(names) or pairs is None or digests is None:
        return None
    return Lock(
        platforms=dict.fromkeys(names, PackageSet()),
        channels=tuple(without_credentials(url) for url in _items(channels)),
        sources=_items(sources),
        metadata=pairs,
        content_hash=digests,
    )


def _items(lines: str) -> tuple[str, ...]:
    return tuple(unquoted(item) for item in _ITEM.findall(lines))


def _entries(body: str) -> dict[str, list[Package]] | None:
    """Return the packages by platform; None where any line is not of the writer's form."""
    found: dict[str, list[Package]] = {}
    if not body:
        return found
    if not (body.startswith(_START) and body.endswith("\n")):
        return None
    for text in body[len(_START) : -1].split(f"\n{_START}"):
        entry = _entry(text)
        if entry is None:
            return None
        found.setdefault(entry[0], []).append(entry[1])
    return found


@lru_cache(maxsize=_KEPT)
def _entry(text: str) -> tuple[str, Package] | None:
    """Return the platform and the package of an entry; None where a line is not of the writer's form."""
    match = _ENTRY.fullmatch(text)
    if match is None:
        return None
    name, version, manager, platform, pairs, url, md5, sha256, build = match.groups(default="")
    by: Manager = "conda" if manager == "conda" else "pip"
    depends = _depends(by, pairs)
    if depends is None:
        return None
    package = package_of(
        by,
        unquoted(name),
        unquoted(version),
        unquoted(url),
        build=unquoted(build) if build else "",
        md5=md5,
        sha256=sha256,
        depends=depends,
    )
    return unquoted(platform), package


def _depends(manager: Manager, lines: str) -> tuple[str, ...] | None:
    edges = _pairs(lines)
    return (
        None
        if edges is None
        else tuple(join(manager, name, constraint) for name, constraint in edges.items())
    )


def _pairs(lines: str) -> dict[str, str] | None:
    """Return the pairs of a mapping, a line each; None where a line is none, or a key stands there twice."""
    pairs = {unquoted(name): unquoted(value) for name, value in _PAIR.findall(lines)}
    return pairs if len(pairs) == lines.count("\n") else None
