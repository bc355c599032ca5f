"""The fast way to read a lock: regular expressions for exactly the text that our writer writes.

Anything else, right or wrong, is left to the YAML reader, which takes ten times as long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.cep37_yaml import package_of, parse_yaml
from conda_lockstep.lock.dependencies import join
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.scalars import KEY, PLAIN, SINGLE, unquoted
from conda_lockstep.packages import Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.packages import Manager

_WORD = rf"({SINGLE}|{PLAIN})\n"
_ENTRY = re.compile(
    rf"- name: {_WORD}"
    rf"  version: ({SINGLE})\n"
    r"  manager: (conda|pip)\n"
    rf"  platform: {_WORD}"
    r"  dependencies:(?: \{\}\n|\n((?:    \S.*\n)+))"
    rf"  url: {_WORD}"
    r"  hash:(?: \{\}\n|\n(?=    )(?:    md5: '([0-9a-f]{32})'\n)?(?:    sha256: '([0-9a-f]{64})'\n)?)"
    rf"(?:  build: ({SINGLE})\n)?"
    r"  category: main\n"
    r"  optional: false\n"
)
_DEPENDENCY = re.compile(rf"    ({KEY}): ({SINGLE})\n")


def parse_canonical(text: str) -> Lock | None:
    """Read what the writer wrote; None for any other text."""
    head, found, body = text.partition("\npackage:\n")
    if not found or len(head) > 1 << 20:
        return None
    try:
        lock = parse_yaml(f"{head}\npackage: []\n", "")
    except LockstepError:
        return None
    entries = _entries(body)
    if entries is None or not entries.keys() <= lock.platforms.keys():
        return None
    platforms = {name: PackageSet.of(entries.get(name, ())) for name in lock.platforms}
    if any(len(platforms[name]) != len(listed) for name, listed in entries.items()):
        return None
    return Lock(platforms, lock.channels, lock.sources, lock.metadata)


def _entries(body: str) -> dict[str, list[Package]] | None:
    """Return the packages by platform; None where any line is not of the writer's form."""
    found: dict[str, list[Package]] = {}
    end = 0
    for match in _ENTRY.finditer(body):
        if match.start() != end:
            return None
        end = match.end()
        name, version, manager, platform, pairs, url, md5, sha256, build = match.groups(default="")
        depends = _depends("conda" if manager == "conda" else "pip", pairs)
        if depends is None:
            return None
        found.setdefault(unquoted(platform), []).append(
            package_of(
                "conda" if manager == "conda" else "pip",
                unquoted(name),
                unquoted(version),
                unquoted(url),
                build=unquoted(build) if build else "",
                md5=md5,
                sha256=sha256,
                depends=depends,
            )
        )
    return found if end == len(body) else None


def _depends(manager: Manager, lines: str) -> tuple[str, ...] | None:
    edges = {unquoted(name): unquoted(constraint) for name, constraint in _DEPENDENCY.findall(lines)}
    if len(edges) != lines.count("\n"):
        return None
    return tuple(join(manager, name, constraint) for name, constraint in edges.items())
