"""Reads what an environment file requests: one requested package per name, however many entries name it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from conda_lockstep.conda.bounds import Bounds, both, within
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.match_spec import BadSpec, CondaSpec, parse_conda
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.environment.entries import BadEntry, CondaEntry, PipEntry, read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile, MappingEntry
from conda_lockstep.lock.pip.requirement_lines import options
from conda_lockstep.packages import Key, Manager, Package

_ANY_VERSION = Bounds()
_NAMED = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?(?P<version>.*)", re.DOTALL
)
_ARCHIVE = re.compile(r"(?P<name>[^/]+?)-(?P<version>v?\d[^/-]*)(?:-[^/]*\.whl|\.tar\.gz|\.zip)(?:[?#].*)?$")
_REPOSITORY = re.compile(r"(?P<name>[^/@]+?)(?:\.git)?/?(?P<revision>@[^#]+)?(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class RequestedPackage:
    """What the entries of one name request.

    ``version`` is the pinned version (``1.21`` for ``=1.21``, ``==1.21.*``), else the constraint as written, or empty.
    ``bounds`` contain all versions that it allows. ``channel`` is for conda packages, ``url`` for pip packages, without
    credentials.
    """

    manager: Manager
    name: str
    version: str = ""
    bounds: Bounds = _ANY_VERSION
    build: str = ""
    channel: str = ""
    url: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""

    @property
    def key(self) -> Key:
        """The key, unique in a file."""
        return self.manager, self.name

    @property
    def is_pin(self) -> bool:
        """Whether a version, or the first components of one, is pinned."""
        return self.version[:1].isalnum() and not set(self.version) & set("<>!=~,|*")

    def package(self, version: str | None = None) -> Package:
        """Return the request as a package of that version, by default the lowest that it allows."""
        if version is None:
            version = self.version if self.is_pin else ".".join(map(str, self.bounds.low or ()))
        return Package(self.manager, self.name, version, self.build, channel=self.channel, url=self.url)


def requested_packages(file: EnvironmentFile) -> dict[Key, RequestedPackage]:
    """Return what a file requests; an entry that is not a valid spec counts by the name that it begins with."""
    found: dict[Key, RequestedPackage] = {}
    for each in _entries(file):
        known = found.get(each.key)
        found[each.key] = each if known is None else _combined(known, each)
    return found


def options_of(file: EnvironmentFile) -> dict[str, str]:
    """Return the pip options among the entries by their long names, without credentials; values in file order."""
    hide = Redactor(file)
    found: dict[str, list[str]] = {}
    for entry in read_entries(file).pip:
        if entry.requirement.kind == "option":
            for option in options(hide.text(entry.item.value, entry.item.span)):
                found.setdefault(option.name, []).append(option.value)
    return {name: " ".join(filter(None, values)) for name, values in found.items()}


def _entries(file: EnvironmentFile) -> Iterator[RequestedPackage]:
    entries, hide = read_entries(file), Redactor(file)
    yield from map(_conda, entries.conda)
    for pip in entries.pip:
        if pip.requirement.kind != "option":
            yield _pip(pip, hide)
    for bad in entries.bad:
        yield _bad(bad, hide)
    for entry in file.dependencies:
        if isinstance(entry, MappingEntry):
            yield RequestedPackage(
                "conda", entry.key.value.strip().lower(), hide.text(entry.value.value, entry.value.span)
            )


def _conda(entry: CondaEntry) -> RequestedPackage:
    spec = entry.spec
    version = "" if spec.version in ("*", "=*", "==*") else _pin(spec) or "".join(spec.version.split())
    # The words in a build pattern indicate the variant.
    channel = read_channel(spec.channel).name if spec.channel else ""
    return RequestedPackage("conda", spec.name, version, within(spec), spec.build.strip("*"), channel)


def _pin(spec: CondaSpec) -> str:
    """Return the pinned version, such as ``1.21`` for ``=1.21``, ``==1.21`` and ``1.21.*``; empty for a range."""
    if len(spec.clauses) != 1 or spec.clauses[0].op not in ("", "=", "=="):
        return ""
    return spec.clauses[0].version.removesuffix("*").removesuffix(".")


def _pip(entry: PipEntry, hide: Redactor) -> RequestedPackage:
    requirement = entry.requirement
    if requirement.kind in ("url", "path") and not requirement.specifier:
        return _from_url(requirement.name, requirement.url or requirement.text, entry, hide)
    version = requirement.specifier.replace(" ", "")
    shown = version.lstrip("=") if requirement.is_exact else version
    return RequestedPackage(
        "pip",
        requirement.name,
        shown,
        bounds=_pip_bounds(version),
        extras=tuple(sorted(map(normalize, requirement.extras))),
        marker=requirement.marker,
    )


def _from_url(name: str, place: str, entry: PipEntry, hide: Redactor) -> RequestedPackage:
    """Read a URL or a path: an archive's gives its name and version, a repository's its name."""
    place = hide.text(without_credentials(place.strip()), entry.item.span)
    extras = tuple(sorted(map(normalize, entry.requirement.extras)))
    if place.startswith(("git+", "hg+", "svn+", "bzr+")):
        found = _REPOSITORY.search(place)
        name = name or normalize(found["name"] if found else place)
        return RequestedPackage(
            "pip", name, found["revision"] or "" if found else "", url=place, extras=extras
        )
    if found := _ARCHIVE.search(place):
        version = found["version"].removeprefix("v")
        bounds = _pip_bounds(f"=={version}")
        return RequestedPackage(
            "pip", name or normalize(found["name"]), version, bounds, url=place, extras=extras
        )
    return RequestedPackage("pip", name or place, url=place, extras=extras)


def _pip_bounds(specifier: str) -> Bounds:
    spec = parse_conda(f"pip {specifier}") if specifier else None
    return _ANY_VERSION if spec is None or isinstance(spec, BadSpec) else within(spec)


def _bad(entry: BadEntry, hide: Redactor) -> RequestedPackage:
    text = hide.text(without_credentials(entry.item.value), entry.item.span)
    manager: Manager = "pip" if entry.manager == "pip" else "conda"
    match = _NAMED.match(text)
    if match is None or "://" in text:
        return RequestedPackage(manager, text.strip())
    name = normalize(match["name"]) if manager == "pip" else match["name"].lower()
    extras = tuple(sorted(filter(None, map(str.strip, (match["extras"] or "").split(",")))))
    return RequestedPackage(manager, name, match["version"].strip(), extras=extras)


def _combined(one: RequestedPackage, other: RequestedPackage) -> RequestedPackage:
    """Return what two entries of one name request together."""
    versions = dict.fromkeys(filter(None, (one.version, other.version)))
    return replace(
        one,
        version=",".join(versions),
        bounds=both(one.bounds, other.bounds),
        build=one.build or other.build,
        channel=one.channel or other.channel,
        url=one.url or other.url,
        extras=tuple(sorted({*one.extras, *other.extras})),
        marker=one.marker if one.marker == other.marker else "",
    )
