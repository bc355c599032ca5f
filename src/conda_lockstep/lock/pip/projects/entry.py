"""The entries that name a project instead of a package: ``-e .``, ``.[dev]``, ``./folder``, ``git+https://…``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import (
    Folder,
    GitCommit,
    Source,
    folder_names,
    repository_names,
    source_of,
    url_of,
)
from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import unquote, with_variables, without_credentials
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.pip.refusals import BUILT, FILE, Refusal, has_secret

_PATH = re.compile(r"(?P<path>[^;\[]*?)(?:\[(?P<extras>[^\]]*)\])?\s*(?:;\s*(?P<marker>.+))?")
_NAMED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?\s*@\s*(?P<url>\S+)"
    r"(?:\s*;\s*(?P<marker>.+))?"
)
_EGG = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[(?P<extras>[^\]]*)\])?")
_SCHEMES = ("https", "http", "ssh", "file", "git")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz")


@dataclass(frozen=True, slots=True)
class GitReference:
    """A git repository as an entry names it. ``url`` may have variables before its host; ``rev`` may be empty."""

    url: str
    rev: str = ""
    subdirectory: str = ""

    @property
    def recorded_url(self) -> str:
        """Return the URL without credentials. The ``git@`` of ssh names no person, and is needed to connect."""
        scheme, _, rest = self.url.partition("://")
        bare = without_credentials(self.url)
        return bare.replace("://", "://git@", 1) if scheme == "ssh" and rest.startswith("git@") else bare

    @property
    def is_commit(self) -> bool:
        """Whether the entry names a full commit."""
        return _COMMIT.fullmatch(self.rev) is not None

    def fetch_url(self, trust: Trust) -> str:
        """Return the URL to fetch from. Raises ``LockstepError`` for a variable that is not set or not allowed."""
        return with_variables(self.url, trust)


Reference: TypeAlias = Folder | GitReference


@dataclass(frozen=True, slots=True)
class ProjectEntry:
    """An entry that names a project; ``text`` is without credentials.

    ``name`` is normalized, empty where none is given; ``extras`` are normalized. The path of a folder is relative to
    the environment file, wherever the entry is: conda runs pip in that folder, and pip reads paths from where it runs.
    """

    text: str
    where: Location
    reference: Reference
    editable: bool = False
    name: str = ""
    extras: frozenset[str] = frozenset()
    marker: Marker | None = None

    def applies(self, markers: Mapping[str, str]) -> bool:
        """Return whether it applies in an environment of PEP 508 markers."""
        return self.marker is None or self.marker.evaluate({**markers, "extra": ""})

    def is_of(self, source: Source) -> bool:
        """Return whether a locked project is the one that this entry names, at whichever commit."""
        own = self.reference
        if isinstance(own, Folder):
            return isinstance(source, Folder) and source.path == own.path
        return not isinstance(source, Folder) and (source.url, source.subdirectory) == (
            own.recorded_url,
            own.subdirectory,
        )

    @property
    def names(self) -> frozenset[str]:
        """Return what ``--allow-build`` may call it: its name, its path, or its repository."""
        if isinstance(self.reference, Folder):
            return folder_names(self.name, self.reference.path)
        return repository_names(self.name, self.reference.recorded_url)


def editable_entry(text: str, shown: str, where: Location) -> ProjectEntry | Refusal:
    """Read what is written after ``-e``."""
    if re.match(r"(?:git|hg|svn|bzr)(?:\+|@)|\S+://|[^\s@/\\]+\s*@", text):
        return git_entry(text, shown, where, editable=True)
    return folder_entry(text, shown, where, editable=True)


def folder_entry(text: str, shown: str, where: Location, *, editable: bool = False) -> ProjectEntry | Refusal:
    """Read a path, with extras and a marker behind it; pip takes a marker after a blank and ``;``."""
    match = _PATH.fullmatch(text.strip())
    path = match["path"].strip() if match else ""
    if match is None or not path:
        return "it is not a path", "write it as ./folder"
    if path.endswith(".whl"):
        return FILE
    if path.endswith(_ARCHIVES):
        return BUILT
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", path):
        return "it is a folder of one machine", "write the path from the environment file: ./folder"
    if "$" in path:
        return "it depends on environment variables, so machines may get other folders", "write the path out"
    marker = _marker(match["marker"])
    if isinstance(marker, tuple):
        return marker
    return ProjectEntry(
        shown, where, Folder(_from_here(path)), editable, "", _extras(match["extras"]), marker
    )


def git_entry(text: str, shown: str, where: Location, *, editable: bool = False) -> ProjectEntry | Refusal:
    """Read a git URL, alone with ``#egg=`` and ``#subdirectory=``, or as ``name @ git+…``."""
    named = _NAMED.fullmatch(text.strip())
    written, _, rest = text.strip().partition(" ;")
    url = named["url"] if named else written.strip()
    reference = _reference(url)
    if not isinstance(reference, GitReference):
        return reference
    marker = _marker(named["marker"] if named else rest)
    if isinstance(marker, tuple):
        return marker
    egg = _EGG.fullmatch(_fragments(url).get("egg", ""))
    name, extras = next(((each["name"], each["extras"]) for each in (named, egg) if each), ("", ""))
    return ProjectEntry(
        shown, where, reference, editable, normalize(name) if name else "", _extras(extras), marker
    )


def is_git(url: str) -> bool:
    """Return whether a URL is one of a version control system, as pip writes them."""
    return re.match(r"(?:git|hg|svn|bzr)(?:\+|@)|ssh://|[^#?]*\.git(?:[@#?]|$)", url) is not None


def source_of_entry(entry: ProjectEntry, commit: str = "", tree: str = "") -> str:
    """Return the URL that a lock records for an entry; a git repository needs its ``commit`` and ``tree``."""
    extras, own = ",".join(sorted(entry.extras)), entry.reference
    if isinstance(own, Folder):
        return url_of(Folder(own.path, entry.editable, extras=extras))
    return url_of(
        GitCommit(
            own.recorded_url, commit, own.subdirectory, own.rev, tree, editable=entry.editable, extras=extras
        )
    )


def is_as_locked(entry: ProjectEntry, url: str) -> bool:
    """Return whether a lock's project, by its URL, is what an entry requests: revision, extras and mode included."""
    source = source_of(url)
    if source is None or not entry.is_of(source):
        return False
    same = (source.editable, source.extras) == (entry.editable, ",".join(sorted(entry.extras)))
    if isinstance(entry.reference, Folder) or isinstance(source, Folder):
        return same
    return same and (source.rev == entry.reference.rev or source.commit == entry.reference.rev)


def _reference(url: str) -> GitReference | Refusal:
    if not url.startswith("git+"):
        if is_git(url) and not re.match(r"(?:hg|svn|bzr)\+", url):
            return "it is not a git URL as pip reads it", "write git+https://host/repository"
        return "only git repositories can be locked", "publish a wheel of it, or mirror it in git"
    where = url.removeprefix("git+").partition("#")[0]
    parts = urlsplit(where)
    if parts.scheme not in _SCHEMES:
        return "its URL has no scheme that git fetches from", "write git+https://… or git+ssh://git@host/…"
    head, at, rev = parts.path.rpartition("@")
    if not at:
        head, rev = parts.path, ""
    bare = f"{parts.scheme}://{parts.netloc}{head}"
    if "$" in head or "$" in rev or "$" in parts.netloc.rpartition("@")[2]:
        return "it depends on environment variables, so machines may get other commits", "write the URL out"
    if parts.query or has_secret(bare):
        return (
            "its URL contains a secret, which must not be in a lock",
            "put it before the host: git+https://${TOKEN}@host/…",
        )
    if not head.strip("/") or rev.startswith("-"):
        return "it names no repository", "write git+https://host/repository@commit"
    subdirectory = posixpath.normpath(_fragments(url).get("subdirectory", "") or ".")
    if subdirectory.startswith(("..", "/")):
        return "its subdirectory is not in the repository", "write #subdirectory=folder"
    return GitReference(bare, rev, "" if subdirectory == "." else subdirectory)


def _fragments(url: str) -> dict[str, str]:
    fragment = url.partition("#")[2]
    return {key: unquote(value) for key, _, value in (part.partition("=") for part in fragment.split("&"))}


def _from_here(path: str) -> str:
    """Return a path in the one spelling that a lock has: ``./``, ``./a/b``, ``../c``."""
    clean = posixpath.normpath(path.replace("\\", "/"))
    if clean == ".":
        return "./"
    return clean + "/" if clean == ".." else clean if clean.startswith("../") else f"./{clean}"


def _extras(text: str | None) -> frozenset[str]:
    return frozenset(normalize(part.strip()) for part in (text or "").split(",") if part.strip())


def _marker(text: str | None) -> Marker | Refusal | None:
    if not text or not text.strip():
        return None
    try:
        return Marker(text.strip())
    except InvalidMarker:
        return f"'{text.strip()}' is not a marker (PEP 508)", "correct it"


def error_at(entry: ProjectEntry, what: str, remedy: str) -> LockstepError:
    """Return the error about an entry that cannot be locked."""
    return LockstepError(f"'{entry.text}' cannot be locked: {what}", where=entry.where, remedy=remedy)
