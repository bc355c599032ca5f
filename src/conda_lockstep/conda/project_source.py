"""Where a pip package comes from that no index has: a folder of the repository, or a commit of a git repository.

A package has its source in its URL, in the form of pip with a fragment of ``key=value`` pairs:
``./submodules/knn#editable=true``, ``git+https://host/repo@COMMIT#subdirectory=python&rev=main&tree=TREE``. What is
installed has an absolute folder, as ``direct_url.json`` records it (PEP 610): ``file:///home/me/project#editable=true``.

Standard library only: ``verify`` reads this on every node before every job.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple, TypeAlias

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.urls import unquote
from conda_lockstep.packages import Package, is_folder_url

_COMMIT = re.compile(r"git\+([^#?]+)@([0-9a-f]{40}|[0-9a-f]{64})(?:#(.*))?")
SHOWN_DIGITS = 12
"""How many digits of a commit a message has."""


class Folder(NamedTuple):
    """A project in a folder. ``path`` is relative to the environment file, ``./`` or ``../`` first, or ``file:///…``.

    ``commit`` is what the folder's own git repository is at, where that is known of an installed project.
    ``extras`` are the requested ones, with commas.
    """

    path: str
    editable: bool = False
    commit: str = ""
    extras: str = ""


class GitCommit(NamedTuple):
    """A project in a git repository. ``subdirectory`` is where in it, empty for its root.

    ``rev`` is the branch, tag or commit that was requested, empty for the default branch. ``tree`` is git's hash of the
    commit's files, empty where another tool locked it. ``editable`` projects are installed from a clone in the prefix.
    """

    url: str
    commit: str
    subdirectory: str = ""
    rev: str = ""
    tree: str = ""
    editable: bool = False
    extras: str = ""


Source: TypeAlias = Folder | GitCommit


def source_of(url: str) -> Source | None:
    """Return the source that a URL names; None for the URL of a file, or none."""
    if url.startswith("git+"):
        match = _COMMIT.fullmatch(url)
        if match is None:
            return None
        facts = _facts(match[3] or "")
        if posixpath.normpath(facts.get("subdirectory") or ".").startswith(("..", "/")):
            return None  # it would lead out of the clone
        return GitCommit(
            match[1],
            match[2],
            facts.get("subdirectory", ""),
            facts.get("rev", ""),
            facts.get("tree", ""),
            editable=facts.get("editable") == "true",
            extras=facts.get("extras", ""),
        )
    if not is_folder_url(url):
        return None
    path, _, fragment = url.partition("#")
    facts = _facts(fragment)
    path = path if path.startswith("file:") else unquote(path)
    return Folder(path, facts.get("editable") == "true", facts.get("commit", ""), facts.get("extras", ""))


def url_of(source: Source) -> str:
    """Undo :func:`source_of`."""
    if isinstance(source, GitCommit):
        facts = {
            "subdirectory": source.subdirectory,
            "rev": source.rev,
            "tree": source.tree,
            "editable": "true" if source.editable else "",
            "extras": source.extras,
        }
        return f"git+{source.url}@{source.commit}{_fragment(facts)}"
    facts = {"editable": "true" if source.editable else "", "commit": source.commit, "extras": source.extras}
    path = source.path if source.path.startswith("file:") else _quoted(source.path)
    return f"{path}{_fragment(facts)}"


def project_source(package: Package) -> Source | None:
    """Return the source of a locked project; None for a package that comes as a file."""
    return source_of(package.url) if package.manager == "pip" else None


def described(source: Source) -> str:
    """Return a source in words: ``./knn, editable``, ``https://host/repo at 0123456789ab``."""
    if isinstance(source, Folder):
        where = source.path
    else:
        inside = f" ({source.subdirectory})" if source.subdirectory else ""
        where = f"{source.url}{inside} at {source.commit[:SHOWN_DIGITS]}"
    return f"{where}, editable" if source.editable else where


def folder_names(name: str, path: str) -> frozenset[str]:
    """Return what ``allow-build`` may call a project in a folder: its name and its path."""
    place = path.rstrip("/")
    return frozenset(filter(None, (name, path, place, place.removeprefix("./"))))


def repository_names(name: str, url: str) -> frozenset[str]:
    """Return what ``allow-build`` may call a project of a repository: its name, its URL, and the URL's last part."""
    last = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return frozenset(filter(None, (name, url, f"git+{url}", last, normalize(last))))


def names_of(package: Package, source: Source) -> frozenset[str]:
    """Return what ``allow-build`` may call a locked project."""
    if isinstance(source, Folder):
        return folder_names(package.name, source.path)
    return repository_names(package.name, source.url)


def difference(locked: Source, installed: str, root: str | None) -> str:
    """Return how an installed package is not the locked project, by its URL; empty where it is that project.

    ``root`` is the folder that paths of the lock are relative to, None where it is on another machine: then the end of
    the path is compared.
    """
    found = source_of(installed)
    if found is None:
        return "it is installed from an index" if not installed else "it is installed from a file"
    if isinstance(locked, GitCommit):
        return _other_commit(locked, found)
    if isinstance(found, GitCommit):
        return f"it is installed from git ({described(found)})"
    if not _is_folder(locked.path, found.path, root):
        return f"it is installed from {local_path(found.path)}"
    return _other_mode(locked, found)


def _other_commit(locked: GitCommit, found: Source) -> str:
    if found.editable != locked.editable:
        return _other_mode(locked, found)
    if isinstance(found, Folder) and not locked.editable:
        return f"it is installed from the folder {local_path(found.path)}"
    if found.commit != locked.commit:
        return f"its commit is {found.commit[:SHOWN_DIGITS] or 'not known'}"
    if isinstance(found, GitCommit) and _repository(found.url) != _repository(locked.url):
        return f"it is installed from {found.url}"
    if isinstance(found, GitCommit) and found.subdirectory != locked.subdirectory:
        return f"it is installed from the folder '{found.subdirectory or '.'}' of the repository"
    return ""


def _other_mode(locked: Source, found: Source) -> str:
    if found.editable == locked.editable:
        return ""
    return "it is installed editable" if found.editable else "it is not installed editable"


def _is_folder(path: str, installed: str, root: str | None) -> bool:
    place = local_path(installed)
    if root is not None:
        import os

        return os.path.realpath(posixpath.join(root, path)) == os.path.realpath(place)
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return place.rstrip("/").split("/")[-len(parts) :] == parts if parts else True


def local_path(url: str) -> str:
    """Return the path of a ``file:`` URL."""
    return unquote(re.sub(r"^file:(?://(?:localhost)?)?", "", url))


def _repository(url: str) -> str:
    """Return a repository's URL in one spelling: git serves it with and without ``.git``, and asks for no user."""
    return re.sub(r"(?<=://)[^/@]+@", "", url).rstrip("/").removesuffix(".git").lower()


def _facts(fragment: str) -> dict[str, str]:
    return {key: unquote(value) for key, _, value in (part.partition("=") for part in fragment.split("&"))}


def _fragment(facts: dict[str, str]) -> str:
    text = "&".join(f"{key}={_quoted(value)}" for key, value in facts.items() if value)
    return f"#{text}" if text else ""


def _quoted(text: str) -> str:
    from urllib.parse import quote  # for what is written only

    return quote(text, safe="/.:@+~-_,")
