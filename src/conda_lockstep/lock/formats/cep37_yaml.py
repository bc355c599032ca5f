"""Reads any CEP 37 lock file, whoever wrote it, and says where a broken one is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import yaml

from conda_lockstep.conda.dependencies import join
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.formats.cep37_entry import package_of
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Key, Manager, Package, PackageSet
from conda_lockstep.text.source import Source
from conda_lockstep.text.yaml_nodes import compose_any
from conda_lockstep.text.yaml_values import load

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]

_REMEDY = "run 'lockstep lock' to write the lock again"
_HEX = {"md5": re.compile(r"[0-9a-f]{32}"), "sha256": re.compile(r"[0-9a-f]{64}")}


def parse_yaml(text: str, shown_as: str) -> Lock:
    """Read a lock; raises ``LockstepError`` with file, line and column. An entry of several
    categories is one package, of the most common of them.
    """
    document = load(text, shown_as, remedy=_REMEDY)
    try:
        return _lock(document)
    except _MalformedError as error:
        where = Location(shown_as, *_position(text, shown_as, error.path))
        raise LockstepError(error.what, where=where, remedy=error.remedy) from None


class _MalformedError(Exception):
    def __init__(self, path: Path, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.path = path
        self.what = what
        self.remedy = remedy or _REMEDY


def _lock(document: object) -> Lock:
    if isinstance(document, str) and re.fullmatch(r"\S{1,200}", document):
        what = f"holds nothing but '{document}': a symbolic link that git wrote as a text"
        raise _MalformedError((), what, "name the file it points at")
    root = _mapping(document, ())
    _check_version(root)
    metadata = _mapping(_get(root, "metadata", ()), ("metadata",))
    platforms = _strings(metadata, "platforms", ("metadata",))
    found: dict[str, dict[Key, Package]] = {name: {} for name in platforms}
    for index, item in enumerate(_sequence(_get(root, "package", ()), ("package",))):
        path: Path = ("package", index)
        values = _mapping(item, path)
        platform = _string(values, "platform", path)
        if platform not in found:
            raise _MalformedError(
                (*path, "platform"), f"the platform '{platform}' is not listed in the metadata"
            )
        if not _string(values, "name", path).startswith(
            "__"
        ):  # old versions of conda-lock listed virtual ones
            _add(found[platform], _package(values, path), path)
    custom = _mapping(metadata.get("custom_metadata") or {}, ("metadata", "custom_metadata"))
    return Lock(
        platforms={name: PackageSet.of(packages.values()) for name, packages in found.items()},
        channels=tuple(_channels(metadata)),
        sources=_strings(metadata, "sources", ("metadata",)),
        metadata={key: _string(custom, key, ("metadata", "custom_metadata")) for key in custom},
        content_hash=_digests(metadata),
    )


def _digests(metadata: Mapping[str, object]) -> Mapping[str, str]:
    """Return ``content_hash``; anything in it that is not a string, such as digits without quotes, is no digest."""
    found = metadata.get("content_hash")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(name): digest for name, digest in pairs if isinstance(digest, str)}


def _check_version(root: Mapping[str, object]) -> None:
    version = root.get("version")
    if type(version) is int and version == 1:
        return
    if "environments" in root:
        raise _MalformedError((), "this is a pixi.lock, not a conda-lock v1 file", "name the conda-lock file")
    what = (
        f"version {version!r} of the format is not known"
        if "version" in root
        else "no conda-lock file: 'version: 1' is missing"
    )
    raise _MalformedError(("version",) if "version" in root else (), what)


def _channels(metadata: Mapping[str, object]) -> Iterator[str]:
    path: Path = ("metadata", "channels")
    for index, item in enumerate(_sequence(metadata.get("channels") or [], path)):
        place: Path = (*path, index)
        url = item if isinstance(item, str) else _string(_mapping(item, place), "url", place)
        yield without_credentials(url)


def _package(values: Mapping[str, object], path: Path) -> Package:
    name = _string(values, "name", path)
    manager = _manager(values, path)
    hashes = _mapping(_get(values, "hash", path), (*path, "hash"))
    edges = _mapping(values.get("dependencies") or {}, (*path, "dependencies"))
    return package_of(
        manager,
        name,
        _string(values, "version", path),
        _string(values, "url", path),
        build=_string(values, "build", path) if values.get("build") is not None else "",
        md5=_hash(hashes, "md5", manager, path),
        sha256=_hash(hashes, "sha256", manager, path),
        depends=tuple(join(manager, edge, _string(edges, edge, (*path, "dependencies"))) for edge in edges),
        category=_category(values),
    )


def _category(values: Mapping[str, object]) -> str:
    """Return what keeps installers from installing an entry, as text; empty for what every one installs."""
    category = values.get("category")
    words = [category] if isinstance(category, str) and category != "main" else []
    return ", ".join([*words, *(["optional"] if values.get("optional") is True else [])])


def _manager(values: Mapping[str, object], path: Path) -> Manager:
    manager = _string(values, "manager", path)
    if manager == "conda":
        return "conda"
    if manager == "pip":
        return "pip"
    raise _MalformedError((*path, "manager"), f"the manager '{manager}' is neither conda nor pip")


def _hash(hashes: Mapping[str, object], kind: str, manager: Manager, path: Path) -> str:
    if not hashes.get(kind):
        return ""
    value = _string(hashes, kind, (*path, "hash")).lower()
    if _HEX[kind].fullmatch(value):
        return value
    if manager == "pip":
        return ""  # conda-lock writes the commit of a git URL in the place of a sha256
    raise _MalformedError((*path, "hash", kind), f"'{value}' is no {kind}")


def _add(packages: dict[Key, Package], package: Package, path: Path) -> None:
    known = packages.get(package.key)
    if known is not None and known.identity != package.identity:
        raise _MalformedError(path, f"two different packages in one environment: {known} and {package}")
    if known is None or known.category:
        packages[package.key] = package


def _get(values: Mapping[str, object], key: str, path: Path) -> object:
    value = values.get(key)
    if value is None:
        raise _MalformedError(path, f"'{key}' is missing")
    return value


def _mapping(value: object, path: Path) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _MalformedError(path, f"{_what(path)} must be a mapping")
    for key in value:
        if not isinstance(key, str):
            raise _MalformedError((*path, key), f"the key {key!r} is no string: put it in quotes")
    return value


def _sequence(value: object, path: Path) -> list[object]:
    if not isinstance(value, list):
        raise _MalformedError(path, f"{_what(path)} must be a list")
    return value


def _string(values: Mapping[str, object], key: str, path: Path) -> str:
    value = _get(values, key, path)
    if not isinstance(value, str):
        what = f"'{key}' must be a string, and YAML reads {value!r}: put it in quotes"
        raise _MalformedError((*path, key), what)
    return value


def _strings(values: Mapping[str, object], key: str, path: Path) -> tuple[str, ...]:
    items = _sequence(_get(values, key, path), (*path, key))
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise _MalformedError((*path, key, index), f"an entry of '{key}' must be a string")
    return tuple(str(item) for item in items)


def _what(path: Path) -> str:
    return f"'{path[-1]}'" if path and isinstance(path[-1], str) else "an entry" if path else "a lock file"


def _position(text: str, shown_as: str, path: Path) -> tuple[int, int]:
    """Find line and column of a part of the document, by composing it a second time with marks."""
    node = compose_any(Source.of(shown_as, text))
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        node = child
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (0, 0)


def _child(node: yaml.Node | None, step: Step) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    return None
