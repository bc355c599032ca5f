"""The sources of pip's packages: git, URLs, folders, other files, other indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries, PipEntry, rewrite
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.environment.pip_lines import options, without_comment
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

VENDOR_INDEXES = ("https://download.pytorch.org/", "https://pypi.nvidia.com", "https://pypi.ngc.nvidia.com")
"""Indexes whose owners also own the same names on PyPI, so that no one else can register them."""

PYPI = r"https?://pypi\.(?:python\.)?org/simple/?"

_NAMES_AN_INDEX = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
# These patterns are strings, so that ``re`` compiles (and caches) them only when needed.
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
    """A git URL has no commit hash: the installed code changes whenever its branch or tag does."""
    for entry in entries.pip_having("special"):
        url = _url(entry)
        if not url.startswith("git+"):
            continue
        ref = _ref(url)
        if re.fullmatch(_COMMIT, ref):
            continue
        cause = f"'{ref}' can move" if ref else "the latest commit is installed"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' is not pinned to a commit: {cause}",
            "add '@' and the full commit hash after the repository",
            severity="note" if re.fullmatch(_TAG, ref) else None,
        )


@rule("url-without-hash", "warning", requires=("special",), requirements=True)
def url_without_hash(entries: Entries, config: Config) -> Iterator[Problem]:
    """A URL has no ``#sha256=``: a replaced file goes unnoticed."""
    for entry in entries.pip_having("special"):
        url = _url(entry)
        if (
            entry.requirement.kind == "url"
            and re.match("https?:|ftp:", url)
            and not re.search(_HASH, entry.item.value)
        ):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no hash: pip cannot detect a replaced file",
                "add '#sha256=' and the SHA-256 hash of the file",
            )


@rule(
    "local-requirement",
    "warning",
    supersedes=("locker-incompatible",),
    requires=("special",),
    requirements=True,
)
def local_requirement(entries: Entries, config: Config) -> Iterator[Problem]:
    """A local folder or file is installed: other machines have it elsewhere, in another state, or not at all."""
    for entry in entries.pip_having("special"):
        path = _path(entry)
        if not path:
            continue
        is_absolute = re.match(r"/|~|file:|[A-Za-z]:", path) is not None
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' installs from '{path}' on the local machine",
            "install the project in a separate step, or from a wheel with a hash",
            severity=None if is_absolute else "note",
        )


@rule("requirements-file", "warning", supersedes=("locker-incompatible",), requires=("special",))
def requirements_file(entries: Entries, config: Config) -> Iterator[Problem]:
    """``-r FILE`` hides packages from readers of the environment file, and from lock tools."""
    for entry in entries.pip_having("special"):
        name, value = option(entry)
        if name in ("-r", "--requirement"):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' moves pip's packages to another file, which conda-lock and pixi do not read",
                f"list the packages of '{value}' here",
            )


@rule("extra-index", "warning", supersedes=("locker-incompatible",), requires=("special",), requirements=True)
def extra_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """With ``--extra-index-url``, anyone can replace a private package by registering its name on PyPI."""
    special = entries.pip_having("special")
    mirrored = any(option(entry)[0] in ("-i", "--index-url") for entry in special)
    for entry in special:
        name, value = option(entry)
        if name != "--extra-index-url":
            continue
        is_pypi = re.fullmatch(PYPI, value) is not None
        if mirrored or not is_pypi:
            private = "the other index" if is_pypi else "this index"
            yield Problem(
                entry.item.span,
                f"pip installs the highest version from any index: anyone can register a name from {private} on PyPI",
                "specify wheels by URL and hash, or serve all packages from one '--index-url'",
                severity="note" if value.startswith(VENDOR_INDEXES) else None,
            )


@rule(
    "insecure-index",
    "error",
    supersedes=("extra-index", "locker-incompatible", "url-without-hash"),
    requirements=True,
)
def insecure_index(entries: Entries, config: Config) -> Iterator[Problem]:
    """An index or a URL is not encrypted, or a host is trusted: anyone on the network path can replace packages."""
    for entry in entries.pip_having("special"):
        name, value = option(entry)
        if name == "--trusted-host":
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' turns off certificate verification for the server",
                "remove it, and install a valid certificate on the server",
            )
        elif name in _NAMES_AN_INDEX and _is_plain_http(value):
            yield _unencrypted(entry.item)
        elif scheme := _unencrypted_scheme(_url(entry)):
            yield _unencrypted_source(entry.item, scheme)
    for item in entries.file.pip_repositories:
        if item.kind == "string" and _is_plain_http(item.value):
            yield _unencrypted(item)


@rule("locker-incompatible", "note", requires=("special",))
def locker_incompatible(entries: Entries, config: Config) -> Iterator[Problem]:
    """An option works only in conda's pip step: conda-lock, pixi and mamba reject or ignore it."""
    for entry in entries.pip_having("special"):
        name, _ = option(entry)
        if name:
            yield Problem(
                entry.item.span,
                f"'{name}' is a pip option: conda passes it on to pip, but conda-lock and pixi reject or ignore it",
                "avoid it if the file is to be locked with these tools",
            )


def _unencrypted(item: Item) -> Problem:
    start = item.value.index("http://")
    edit = rewrite(item, (start, start + len("http")), "https")
    return Problem(
        item.span,
        "the index is not encrypted: anyone on the network path can change what is installed",
        "write 'https://'",
        Fix("write 'https://'", (edit,), "unsafe") if edit else None,
    )


def _unencrypted_scheme(url: str) -> str:
    """Return the scheme of a URL that nothing protects on its way: no encryption, and no hash of a file."""
    found = re.match(r"(?:(?:git|hg|svn|bzr)\+)?(?:http|git|ftp|svn)://(?!localhost|127\.|\[::1\])", url)
    return "" if found is None or re.search(_HASH, url) else url.partition("://")[0]


def _unencrypted_source(item: Item, scheme: str) -> Problem:
    """Report a URL; git's own protocol and HTTP have an encrypted one that the same servers speak."""
    vcs, plus, _ = scheme.rpartition("+")
    start = item.value.index(f"{scheme}://")
    right = f"{vcs}{plus}https"
    edit = rewrite(item, (start, start + len(scheme)), right) if scheme != "svn" else None
    return Problem(
        item.span,
        f"'{scheme}://' is not encrypted: anyone on the network path can change what is installed",
        f"write '{right}://'",
        Fix(f"write '{right}://'", (edit,), "unsafe") if edit else None,
    )


def option(entry: PipEntry) -> tuple[str, str]:
    """Return the name and value of an entry that is a pip option; two empty strings for any other entry."""
    if entry.requirement.kind != "option":
        return "", ""
    first = next(options(without_comment(entry.item.value)))
    return first.written, first.value


def _url(entry: PipEntry) -> str:
    """Return the URL that an entry (also an editable one) installs from."""
    name, value = option(entry)
    return value if name in ("-e", "--editable") else entry.requirement.url


def _ref(url: str) -> str:
    """Return the branch, tag or commit of a git URL."""
    path = url.partition("#")[0].partition("://")[2].partition("/")[2]
    return path.rpartition("@")[2] if "@" in path else ""


def _path(entry: PipEntry) -> str:
    """Return the path that an entry installs from; empty if it is not a path."""
    if entry.requirement.kind == "path":
        return entry.item.value.strip()
    url = _url(entry)
    if url.startswith("file:"):
        return url
    return url if option(entry)[0] and url and "://" not in url else ""


def _is_plain_http(url: str) -> bool:
    return url.startswith("http://") and not re.match(r"http://(localhost|127\.|\[::1\])", url)
