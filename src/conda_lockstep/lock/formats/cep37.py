"""CEP 37 (conda-lock v1) lock files: any of them is read, and one spelling of them is written.

The writer is canonical: the same packages give the same bytes.
https://conda.org/learn/ceps/cep-0037
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from pathlib import Path

from conda_lockstep.conda import dependencies
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats.cep37_build_numbers import recorded_numbers, with_numbers
from conda_lockstep.lock.formats.cep37_canonical import parse_canonical
from conda_lockstep.lock.formats.cep37_projects import is_project, recorded_projects, with_projects
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.yaml_scalars import key, quoted, word

HEADER = """\
# Written by conda-lockstep from the environment file: do not edit, run 'lockstep lock' again.
# The format is conda-lock v1 (CEP 37): conda-lock, micromamba and mamba install it as it is.
"""


def read(path: Path, *, shown_as: str | None = None) -> Lock:
    """Read a lock file; raises ``LockstepError`` with the place of what is wrong in it."""
    return parse(read_text(path), shown_as if shown_as is not None else str(path))


def parse(text: str, shown_as: str) -> Lock:
    """Read the text of a lock file; see :func:`read`."""
    lock = parse_canonical(text)
    if lock is None:
        from conda_lockstep.lock.formats.cep37_yaml import (
            parse_yaml,  # YAML takes longer to load than a lock to read
        )

        lock = parse_yaml(text, shown_as)
    if not lock.platforms:
        raise LockstepError("has no platform", where=shown_as, remedy="run: lockstep lock")
    # To other tools, content_hash is a hash of the requested packages.
    if not is_ours(text, lock):
        return replace(lock, content_hash=None)
    return with_projects(with_numbers(lock), shown_as)


def write(lock: Lock, path: Path) -> None:
    """Write a lock whole or not at all."""
    write_text(path, render(lock))


def render(lock: Lock) -> str:
    """Return the canonical text of a lock."""
    return "".join((HEADER, *_metadata(lock), "package:", *_packages(lock)))


def is_ours(text: str, lock: Lock) -> bool:
    """Say whether this program wrote a lock: by its first line, or by the facts of a solve that it notes."""
    return is_written_by_us(text) or "channel_priority" in lock.metadata


def is_written_by_us(text: str) -> bool:
    """Say whether a text begins as what this program writes."""
    return text.startswith(HEADER[: HEADER.index(" from ")])


def _metadata(lock: Lock) -> Iterator[str]:
    platforms = sorted(lock.platforms)
    yield "version: 1\nmetadata:\n"
    yield from _mapping("content_hash", {name: lock.platforms[name].digest for name in platforms})
    yield "  channels:" + _end(lock.channels, "[]")
    for channel in lock.channels:
        yield f"  - url: {word(channel)}\n    used_env_vars: []\n"
    yield from _list("platforms", platforms)
    yield from _list("sources", lock.sources)
    facts = {**lock.metadata, **recorded_numbers(lock), **recorded_projects(lock)}
    if facts:
        yield from _mapping("custom_metadata", facts)


def _packages(lock: Lock) -> Iterator[str]:
    entries = [
        (package.name, package.manager, platform, package)
        for platform, packages in lock.platforms.items()
        for package in packages.values()
        if not is_project(package)
    ]
    yield _end(entries, "[]")
    for name, manager, platform, package in sorted(entries, key=lambda row: row[:3]):
        yield f"- name: {word(name)}\n  version: {quoted(package.version)}\n"
        yield f"  manager: {manager}\n  platform: {word(platform)}\n"
        yield from _mapping("dependencies", dependencies.constraints(package.depends))
        yield f"  url: {word(package.url)}\n"
        hashes = {"md5": package.md5, "sha256": package.sha256}
        yield from _mapping("hash", {kind: value for kind, value in hashes.items() if value})
        if package.build:
            yield f"  build: {quoted(package.build)}\n"
        yield "  category: main\n  optional: false\n"


def _end(items: Sized, when_empty: str) -> str:
    return "\n" if items else f" {when_empty}\n"


def _list(name: str, items: Sequence[str]) -> Iterator[str]:
    yield f"  {name}:" + _end(items, "[]")
    for item in items:
        yield f"  - {word(item)}\n"


def _mapping(name: str, items: Mapping[str, str]) -> Iterator[str]:
    yield f"  {name}:" + _end(items, "{}")
    for item in sorted(items):
        yield f"    {key(item)} {quoted(items[item])}\n"
