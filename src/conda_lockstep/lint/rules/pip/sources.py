"""Where pip takes packages from: git, URLs, folders, other files, other indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries, PipEntry, rewrite
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.environment.pip_lines import options, without_comment
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

VENDOR_INDEXES = ("https://download.pytorch.org/", "https://pypi.nvidia.com", "https://pypi.ngc.nvidia.com")
"""Indexes whose names on PyPI belong to the same people, so that nobody can slip in between."""

PYPI = r"https?://pypi\.(?:python\.)?org/simple/?"

_NAMES_AN_INDEX = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
# Patterns are text: they are compiled when an entry first needs them, and kept by ``re``.
_COMMIT = r"[0-9a-f]{7,40}"
_TAG = r"[A-Za-z_\-/]*\d+(\.\d+)+.*"
_HASH = r"[#&](sha256|sha384|sha512|md5)=[0-9a-f]+"


@rule(
    "git-without-commit",
    "warning",
    requirements=True,
    supersedes=("locker-incompatible", "local-requirement"),
    requires=("special",),
)
def git_without_commit(entries: Entries, config: Config) -> Iterator[Problem]:
    """A git URL names a branch, a tag or nothing: what is installed is what stands there on the day."""
    for entry in entries.pip_having("special"):
        url = _url(entry)
        if not url.startswith("git+"):
            continue
        ref = _ref(url)
        if re.fullmatch(_COMMIT, ref):
            continue
        what = f"'{ref}' can be moved" if ref else "no commit is named: the newest one is installed"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' changes with its repository: {what}",
            "name the commit: '@' and its 40 hex digits behind the repository",
            severity="note" if re.fullmatch(_TAG, ref) else None,
        )


@rule("url-without-hash", "warning", requires=("special",), requirements=True)
def url_without_hash(entries: Entries, config: Config) -> Iterator[Problem]:
    """A URL has no ``#sha256=``: the file behind it can be exchanged without anyone's notice."""
    for entry in entries.pip_having("special"):
        url = _url(entry)
        if (
            entry.requirement.kind == "url"
            and re.match("https?:|ftp:", url)
            and not re.search(_HASH, entry.item.value)
        ):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no hash: nobody notices when another file stands there",
                "add '#sha256=' and the hash of the file",
            )


@rule(
    "local-requirement",
    "warning",
    supersedes=("locker-incompatible",),
    requires=("special",),
    requirements=True,
)
def local_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A folder or file of this machine is installed: others have it elsewhere, in another state, or not at all."""
    for entry in entries.pip_having("special"):
        path = _path(entry)
        if not path:
            continue
        is_absolute = re.match(r"/|~|file:|[A-Za-z]:", path) is not None
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' installs what lies at '{path}' on the machine",
            "install the project itself in a step of its own, or from a wheel with a hash",
            severity=None if is_absolute else "note",
        )


@rule("requirements-file", "warning", supersedes=("locker-incompatible",), requires=("special",))
def requirements_file(entries: Entries, config: Config) -> Iterator[Problem]:
    """``-r FILE`` hides packages from whoever reads the environment file, and from tools that lock."""
    for entry in entries.pip_having("special"):
        name, value = option(entry)
        if name in ("-r", "--requirement"):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' keeps pip's packages in another file, which no locker reads",
                f"list what '{value}' holds here",
            )


@rule("extra-index", "warning", supersedes=("locker-incompatible",), requires=("special",), requirements=True)
def extra_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """``--extra-index-url`` lets whoever registers a private name on PyPI take its place (dependency confusion)."""
    special = entries.pip_having("special")
    mirrored = any(option(entry)[0] in ("-i", "--index-url") for entry in special)
    for entry in special:
        name, value = option(entry)
        if name != "--extra-index-url":
            continue
        is_pypi = re.fullmatch(PYPI, value) is not None
        if mirrored or not is_pypi:
            whose = "the other one" if is_pypi else "this one"
            yield Problem(
                entry.item.span,
                f"pip takes the highest version of any index: a name of {whose} can be taken over on PyPI",
                "name the wheels by URL and hash, or serve all packages from one '--index-url'",
                severity="note" if value.startswith(VENDOR_INDEXES) else None,
            )


@rule("insecure-index", "error", supersedes=("extra-index", "locker-incompatible"), requirements=True)
def insecure_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """An index over plain ``http://``, or a trusted host: whoever is on the way can install what they like."""
    for entry in entries.pip_having("special"):
        name, value = option(entry)
        if name == "--trusted-host":
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' switches off the check of the server's certificate",
                "remove it, and give the server a certificate",
            )
        elif name in _NAMES_AN_INDEX and _is_plain_http(value):
            yield _unencrypted(entry.item)
    for item in entries.file.pip_repositories:
        if item.kind == "string" and _is_plain_http(item.value):
            yield _unencrypted(item)


@rule("locker-incompatible", "note", requires=("special",))
def locker_incompatible(entries: Entries, config: Config) -> Iterator[Problem]:
    """An option works in conda's pip step alone: conda-lock, pixi and mamba refuse or ignore it."""
    for entry in entries.pip_having("special"):
        name, _ = option(entry)
        if name:
            yield Problem(
                entry.item.span,
                f"'{name}' is an option of pip: conda hands it on, tools that lock refuse or ignore it",
                "find a way without it, if the file is to be locked",
            )


def _unencrypted(item: Item) -> Problem:
    start = item.value.index("http://")
    edit = rewrite(item, (start, start + len("http")), "https")
    return Problem(
        item.span,
        "the index is not encrypted: whoever is on the way can change what is installed",
        "write 'https://'",
        Fix("write 'https://'", (edit,), "unsafe") if edit else None,
    )


def option(entry: PipEntry) -> tuple[str, str]:
    """Return name (as written) and value of an entry that is an option of pip; two empty strings for any other."""
    if entry.requirement.kind != "option":
        return "", ""
    first = next(options(without_comment(entry.item.value)))
    return first.written, first.value


def _url(entry: PipEntry) -> str:
    """Return the URL that an entry installs from, that of an editable one included."""
    name, value = option(entry)
    return value if name in ("-e", "--editable") else entry.requirement.url


def _ref(url: str) -> str:
    """Return the branch, tag or commit of a git URL."""
    path = url.partition("#")[0].partition("://")[2].partition("/")[2]
    return path.rpartition("@")[2] if "@" in path else ""


def _path(entry: PipEntry) -> str:
    """Return the path that an entry installs from; empty where it is none."""
    if entry.requirement.kind == "path":
        return entry.item.value.strip()
    url = _url(entry)
    if url.startswith("file:"):
        return url
    return url if option(entry)[0] and url and "://" not in url else ""


def _is_plain_http(url: str) -> bool:
    return url.startswith("http://") and not re.match(r"http://(localhost|127\.|\[::1\])", url)
