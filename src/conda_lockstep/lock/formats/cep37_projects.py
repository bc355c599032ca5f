"""Local projects and git projects in a CEP 37 lock: they are no files, so ``custom_metadata`` has them.

An installer of files cannot install them: micromamba refuses a whole lock for one entry without a hash. So it sees
their dependencies only. A project is ``PLATFORM.project.NAME: '{"source": …, "version": …, "depends": […]}'``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from conda_lockstep.conda.project_source import project_source, source_of
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.json_fields import load_json

_KEY = ".project."
_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
"""A normalized name (PEP 503), and nothing else: it becomes a folder of the prefix."""


def is_project(package: Package) -> bool:
    """Return whether a package is a local project or one from git, and so not an entry of its own."""
    return package.manager == "pip" and project_source(package) is not None


def recorded_projects(lock: Lock) -> dict[str, str]:
    """Return the metadata for the projects of a lock."""
    return {
        f"{platform}{_KEY}{package.name}": _text(package)
        for platform, packages in lock.platforms.items()
        for package in packages.values()
        if is_project(package)
    }


def with_projects(lock: Lock, shown_as: str) -> Lock:
    """Return a lock that was read, with its projects in place of their metadata.

    Raises ``LockstepError`` for metadata that are not those of a project.
    """
    keys = [key for key in lock.metadata if _KEY in key]
    if not keys:
        return lock
    platforms = {name: [*packages.values()] for name, packages in lock.platforms.items()}
    for key in keys:
        platform, _, name = key.partition(_KEY)
        project = _project(name, lock.metadata[key])
        if project is None or platform not in platforms:
            what = f"'{key}' is not the record of a project"
            raise LockstepError(what, where=shown_as, remedy="run 'lockstep lock' to write the lock again")
        platforms[platform].append(project)
    return replace(
        lock,
        platforms={name: PackageSet.of(packages) for name, packages in platforms.items()},
        metadata={key: value for key, value in lock.metadata.items() if key not in keys},
    )


def _text(package: Package) -> str:
    fields = {"source": package.url, "version": package.version, "depends": list(package.depends)}
    return json.dumps({key: value for key, value in fields.items() if value}, ensure_ascii=False)


def _project(name: str, text: str) -> Package | None:
    try:
        fields = load_json(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    source, version = (_string(fields, key) for key in ("source", "version"))
    # The name becomes a folder of the prefix.
    if (
        source_of(source) is None
        or source.startswith("file:")
        or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", name)
    ):
        return None
    return Package("pip", name, version, url=source, depends=tuple(_strings(fields, "depends")))


def _string(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key, "")
    return value if isinstance(value, str) else ""


def _strings(fields: Mapping[str, object], key: str) -> Iterator[str]:
    value = fields.get(key, [])
    yield from (item for item in (value if isinstance(value, list) else []) if isinstance(item, str))
