"""pixi.lock, versions 1 to 7, and conda.lock of conda-workspaces: one environment of either, as a lock.

Read as plain YAML, every scalar as the text in the file. Versions 1 to 3 list packages per platform, 4 and 5 name them
by URL and describe them below, 6 and 7 leave out what the URL already says. conda.lock has version 6's layout under
another number (``version: 1``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from conda_lockstep.conda.dependencies import join
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.urls import split_package_url, without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import PYTHON, Manager, Package, PackageSet
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.yaml_values import load

DEFAULT = "default"
NEWEST = 7

Entry: TypeAlias = Mapping[str, object]
Reference: TypeAlias = tuple[str, str]
"""How an environment names a package: the kind (conda, pypi, conda_source), and a URL or path."""

_MAX_PACKAGES = 500_000
_TELLING = ("name", "version", "build", "subdir")
_COMMIT = re.compile(r"git\+(?P<url>[^?#]+)\?(?P<query>[^#]*)#(?P<commit>[0-9a-f]{40})")
_SOURCE = re.compile(r"(?P<name>[^\s\[]+)(?:\[(?P<hash>[0-9a-f]+)\])? @ (?P<path>.+)")
_WHEEL = re.compile(r"(?:^|/)(?P<name>[A-Za-z0-9._]+)-(?P<version>[^-/]+)(?:-[^/]*)?\.whl(?:[#?].*)?$")


def read(path: Path, environment: str = DEFAULT) -> Lock:
    """Read one environment of a pixi.lock file; see :func:`parse`."""
    return parse(read_text(path), str(path), environment)


def parse(text: str, shown_as: str, environment: str = DEFAULT) -> Lock:
    """Read one environment of a pixi.lock's or conda.lock's text; ``notices`` of the lock name the other environments.

    A platform that version 7 gives a name of its own is known by its subdir, as long as no other has it.
    Raises ``LockstepError`` for damaged YAML, an unknown version or environment, and an environment without packages.
    """
    root = _mapping(load(text, shown_as, remedy="run: pixi lock", as_text=True), "a pixi.lock", shown_as)
    version = _text(root.get("version"))
    if not version.isdecimal() or not 1 <= int(version) <= NEWEST:
        what = f"pixi.lock version {version or 'unknown'} is not known, only 1 to {NEWEST}"
        raise LockstepError(what, where=shown_as, remedy="update conda-lockstep, or lock with an older pixi")
    read = _listed_by_reference if "environments" in root or int(version) > 3 else _listed_flat
    platforms, channels = read(root, environment, shown_as)
    if not any(platforms.values()):
        what = f"environment '{environment}' has no packages"
        raise LockstepError(what, where=shown_as, remedy="lock it again with the tool that wrote it")
    return Lock(
        platforms={name: PackageSet.of(packages) for name, packages in sorted(platforms.items())},
        channels=tuple(dict.fromkeys(without_credentials(url) for url in channels)),
        metadata=_machines(root, platforms),
        source_format="pixi",
        notices=tuple(_other_environments(root, environment)),
    )


def environments(text: str, shown_as: str) -> tuple[str, ...]:
    """Return the names of the environments of a lock's text; versions 1 to 3 have one."""
    root = _mapping(load(text, shown_as, remedy="run: pixi lock", as_text=True), "a pixi.lock", shown_as)
    known = root.get("environments")
    return tuple(str(name) for name in known) if isinstance(known, dict) else (DEFAULT,)


def _other_environments(root: Entry, environment: str) -> Iterator[str]:
    known = root.get("environments")
    others = sorted(name for name in known if name != environment) if isinstance(known, dict) else []
    if others:
        yield f"only environment '{environment}' was read, --environment selects another: {', '.join(others)}"


def _machines(root: Entry, listed: Iterable[str]) -> dict[str, str]:
    """Return the machine that version 7 says each platform was solved for, as our own locks keep it."""
    entries = root.get("platforms")
    facts = {
        _text(entry.get("subdir")) or _text(entry.get("name")): _texts(entry.get("virtual-packages"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    }
    parsed = {name: virtual.from_text(" ".join(facts.get(name, ()))) for name in listed}
    return {
        f"{name}.machine": virtual.to_text(machine) for name, machine in sorted(parsed.items()) if machine
    }


def _listed_flat(root: Entry, environment: str, shown_as: str) -> tuple[dict[str, list[Package]], list[str]]:
    """Read versions 1 to 3, conda-lock's layout; they know one environment."""
    if environment != DEFAULT:
        raise _no_such_environment(environment, (DEFAULT,), shown_as)
    metadata = _mapping(root.get("metadata"), "metadata", shown_as)
    platforms: dict[str, list[Package]] = {name: [] for name in _texts(metadata.get("platforms"))}
    for entry in _mappings(root.get("package"), "package", shown_as):
        hashes = _mapping(entry.get("hash"), "hash", shown_as)
        manager: Manager = "pip" if _text(entry.get("manager")) == "pip" else "conda"
        depends = _dependencies(manager, entry.get("requires_dist", entry.get("dependencies")))
        build = _pip if manager == "pip" else _conda
        package = build(
            _text(entry.get("url")), {**entry, **hashes, "depends": depends, "requires_dist": depends}
        )
        platforms.setdefault(_text(entry.get("platform")), []).append(package)
    return platforms, _urls(metadata.get("channels"), shown_as)


def _dependencies(manager: Manager, node: object) -> list[str]:
    """Return the requirements of a list of them, or of version 1's mapping from name to constraint."""
    if isinstance(node, dict):
        return [join(manager, str(name), _text(constraint)) for name, constraint in node.items()]
    return list(_texts(node))


def _listed_by_reference(
    root: Entry, environment: str, shown_as: str
) -> tuple[dict[str, list[Package]], list[str]]:
    """Read versions 4 to 7: an environment names packages by URL, and they are described once for all of them."""
    known = _mapping(root.get("environments"), "environments", shown_as)
    if environment not in known:
        raise _no_such_environment(environment, tuple(known), shown_as)
    chosen = _mapping(known[environment], f"environment {environment}", shown_as)
    described: dict[Reference, list[Entry]] = {}
    for entry in _mappings(root.get("packages"), "packages", shown_as):
        for reference in _references(entry):
            described.setdefault(reference, []).append(entry)
    listed = {
        platform: _mappings(entries, platform, shown_as)
        for platform, entries in _mapping(chosen.get("packages"), "packages", shown_as).items()
    }
    if sum(map(len, listed.values())) > _MAX_PACKAGES:
        raise LockstepError(f"lists more than {_MAX_PACKAGES} packages", where=shown_as)
    names = _platform_names(root, listed)
    platforms = {
        names[platform]: [_described(entry, described, shown_as) for entry in entries]
        for platform, entries in listed.items()
    }
    return platforms, _urls(chosen.get("channels"), shown_as)


def _no_such_environment(name: str, known: Iterable[str], shown_as: str) -> LockstepError:
    return LockstepError(
        f"has no environment '{name}'", where=shown_as, remedy=f"it has: {', '.join(sorted(known))}"
    )


def _platform_names(root: Entry, listed: Iterable[str]) -> dict[str, str]:
    entries = root.get("platforms")
    subdirs = {
        _text(entry.get("name")): _text(entry.get("subdir"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    }
    wanted = {name: subdirs.get(name) or name for name in listed}
    taken = list(wanted.values())
    return {name: subdir if taken.count(subdir) == 1 else name for name, subdir in wanted.items()}


def _references(entry: Entry) -> Iterable[Reference]:
    """Yield by what an environment names this entry."""
    kind = _text(entry.get("kind"))
    for key in ("conda", "pypi", "conda_source"):
        if key in entry:
            yield key, _text(entry[key])
        elif key == kind:
            yield key, _text(entry.get("url")) or _text(entry.get("path"))


def _described(listed: Entry, described: Mapping[Reference, list[Entry]], shown_as: str) -> Package:
    """Find the description of a package; one place can stand for several, told apart by a field that both repeat."""
    kind, place = next(iter(_references(listed)), ("", ""))
    for entry in described.get((kind, place), ()):
        if all(entry.get(field) == listed[field] for field in _TELLING if field in listed):
            if kind == "pypi":
                return _pip(place, entry)
            return _source_package(place, entry) if kind == "conda_source" else _conda(place, entry)
    what = f"an environment lists '{place}', which is described nowhere"
    raise LockstepError(what, where=shown_as, remedy="run: pixi lock")


def _source_package(place: str, entry: Entry) -> Package:
    """Build a conda package that is yet to be built, ``NAME[HASH] @ PATH``: without a version, the hash as build."""
    match = _SOURCE.fullmatch(place)
    if match is None:
        return _conda(place, entry)
    return _conda(match["path"], {"name": match["name"], "build": match["hash"] or "", **entry})


def _conda(url: str, entry: Entry) -> Package:
    """Build a conda package; the URL wins on the subdir, which version 1 gets wrong for noarch packages."""
    url = without_credentials(url)
    parts = split_package_url(url)
    return Package(
        "conda",
        _text(entry.get("name")) or parts.name,
        _text(entry.get("version")) or parts.version,
        _text(entry.get("build")) or parts.build,
        parts.subdir if parts.name else _text(entry.get("subdir")),
        parts.channel if parts.name else "",
        url,
        sha256=_text(entry.get("sha256")),
        md5=_text(entry.get("md5")),
        size=_number(entry.get("size")),
        timestamp=_number(entry.get("timestamp")) // 1000,
        depends=_texts(entry.get("depends")),
        constrains=_texts(entry.get("constrains")),
        license=_text(entry.get("license")),
    )


def _pip(url: str, entry: Entry) -> Package:
    """Build a pip package. A local project has no version in newer locks; the name of a wheel tells one.

    The hash that older locks give for a local folder is of the build's inputs, not of a file, and is left out.
    """
    url = _pip_url(url)
    wheel = _WHEEL.search(url)
    is_file = "://" in url or url.endswith((".whl", ".tar.gz", ".zip"))
    name = _text(entry.get("name")) or (wheel["name"] if wheel else url)
    return Package(
        "pip",
        normalize(name),
        _text(entry.get("version")) or (wheel["version"] if wheel else ""),
        url=without_credentials(url),
        sha256=_text(entry.get("sha256")) if is_file else "",
        md5=_text(entry.get("md5")) if is_file else "",
        depends=(*_texts(entry.get("requires_dist")), *_requires_python(entry)),
    )


def _requires_python(entry: Entry) -> tuple[str, ...]:
    bounds = _text(entry.get("requires_python"))
    return (join("pip", PYTHON, bounds),) if bounds else ()


def _pip_url(url: str) -> str:
    """Return a URL as pip knows it: pixi marks what comes by URL, and writes a commit behind what was asked for."""
    commit = _COMMIT.fullmatch(url)
    if commit is None:
        return url.removeprefix("direct+")
    query = dict(part.partition("=")[::2] for part in commit["query"].split("&"))
    folder = f"#subdirectory={query['subdirectory']}" if "subdirectory" in query else ""
    return f"git+{commit['url']}@{commit['commit']}{folder}"


def _urls(node: object, shown_as: str) -> list[str]:
    """Return channels, written as mappings with a ``url``."""
    return [_text(entry.get("url")) for entry in _mappings(node, "channels", shown_as)]


def _text(node: object) -> str:
    """Return a scalar; empty for null and for what is no scalar."""
    return node if isinstance(node, str) and node not in ("null", "~") else ""


def _texts(node: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in node) if isinstance(node, list) else ()


def _number(node: object) -> int:
    text = _text(node)
    return int(text) if text.isdecimal() else 0


def _mapping(node: object, what: str, shown_as: str) -> Entry:
    if node is None or node in ("", "null", "~"):
        return {}
    if not isinstance(node, dict) or not all(isinstance(key, str) for key in node):
        raise LockstepError(f"{what} must be a mapping", where=shown_as, remedy="run: pixi lock")
    return node


def _mappings(node: object, what: str, shown_as: str) -> list[Entry]:
    if node is None or node in ("", "null", "~"):
        return []
    if not isinstance(node, list):
        raise LockstepError(f"{what} must be a list", where=shown_as, remedy="run: pixi lock")
    return [_mapping(item, f"an entry of {what}", shown_as) for item in node]
