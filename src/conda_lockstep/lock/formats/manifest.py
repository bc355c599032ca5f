"""The lock as JSON, for nodes that have nothing but Python; docs/manifest-json.md describes schema 1.

It says no more and no less than the lock that it was made from, and is read with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.model.lock import Lock

SCHEMA = 1
KIND = "conda-lockstep manifest"

_TEXTS = ("manager", "name", "version", "build", "subdir", "channel", "url", "sha256", "md5", "category")
_NUMBERS = ("size", "timestamp", "build_number")
_LISTS = ("depends", "constrains")


def render(lock: Lock) -> str:
    """Return the manifest of a lock, ended by LF: a line a package, so that two of them can be compared by eye."""
    head = {
        "schema": SCHEMA,
        "kind": KIND,
        "format": lock.source_format,
        "complete": lock.complete,
        "channels": list(lock.channels),
        "sources": list(lock.sources),
        "metadata": dict(sorted(lock.metadata.items())),
    }
    lines = [f" {_dump(key)}: {_dump(value)}" for key, value in head.items()]
    platforms = ",\n".join(_platform(name, lock.platforms[name]) for name in sorted(lock.platforms))
    return "{\n" + ",\n".join([*lines, f' "platforms": {{\n{platforms}\n }}']) + "\n}\n"


def parse(text: str, shown_as: str) -> Lock:
    """Read a manifest; ``shown_as`` names it in errors.

    Raises ``LockstepError`` for what is none, of a schema not known here, or does not have the environment id that it
    says it has.
    """
    from conda_lockstep.lock.model.lock import Lock

    document = _document(text, shown_as)
    with _damage_reported(shown_as):
        return Lock(
            _platforms(document, shown_as),
            channels=tuple(map(str, document["channels"])),
            sources=tuple(map(str, document["sources"])),
            metadata={str(key): str(value) for key, value in document["metadata"].items()},
            source_format=str(document["format"]),
            complete=document["complete"] is True,
        )


def parse_packages(text: str, shown_as: str) -> tuple[Mapping[str, PackageSet], str, bool, Mapping[str, str]]:
    """Read what a prefix is compared with: packages by platform, ``source_format``, ``complete`` and ``metadata``.

    See :func:`parse`, whose lock costs as much again to load.
    """
    document = _document(text, shown_as)
    with _damage_reported(shown_as):
        metadata = {str(key): str(value) for key, value in document["metadata"].items()}
        return _platforms(document, shown_as), str(document["format"]), document["complete"] is True, metadata


def _document(text: str, shown_as: str) -> Mapping[str, Any]:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise LockstepError("not JSON", where=shown_as) from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise LockstepError(
            "is no manifest", where=shown_as, remedy="write one with: lockstep export --format manifest"
        )
    if document.get("schema") != SCHEMA:
        what = f"is a manifest of schema {document.get('schema')}; this version reads schema {SCHEMA}"
        raise LockstepError(what, where=shown_as, remedy="use one version of conda-lockstep on both sides")
    return document


@contextmanager
def _damage_reported(shown_as: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"is a damaged manifest: {type(error).__name__} {error}"
        raise LockstepError(what, where=shown_as, remedy="export it again") from None


def _platforms(document: Mapping[str, Any], shown_as: str) -> dict[str, PackageSet]:
    return {name: _packages(held, name, shown_as) for name, held in document["platforms"].items()}


def _platform(name: str, packages: PackageSet) -> str:
    lines = ",\n".join(f"    {_dump(_entry(package))}" for package in packages.values())
    return f'  {_dump(name)}: {{"environment_id": {_dump(packages.environment_id)}, "packages": [\n{lines}\n  ]}}'


def _entry(package: Package) -> dict[str, object]:
    """Return the fields of a package that are known."""
    fields = {key: getattr(package, key) for key in (*_TEXTS, *_NUMBERS, *_LISTS)}
    known = {key: value for key, value in fields.items() if value or key in _TEXTS[:3]}
    return known if package.build_number is None else {**known, "build_number": package.build_number}


def _packages(held: Mapping[str, Any], platform: str, shown_as: str) -> PackageSet:
    packages = PackageSet.of(map(_package, held["packages"]))
    if packages.environment_id != held["environment_id"]:
        what = f"says {held['environment_id']} for {platform}, but lists {packages.environment_id}"
        raise LockstepError(what, where=shown_as, remedy="export it again")
    return packages


def _package(fields: Mapping[str, Any]) -> Package:
    """Return a package; a TypeError or a ValueError for anything that :func:`_entry` did not write."""
    values = dict(fields)
    for key, value in fields.items():
        texts = value if key in _LISTS and type(value) is list else [value]
        wanted = int if key in _NUMBERS else str
        if (key in _LISTS and texts is not value) or not all(type(each) is wanted for each in texts):
            raise ValueError(f"at '{key}' of {fields.get('name')}")
        if key in _LISTS:
            values[key] = tuple(texts)
    if values["manager"] not in ("conda", "pip"):
        raise ValueError(f"at 'manager' of {fields.get('name')}")
    return Package(**values)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
