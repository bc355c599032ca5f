"""The pip syntax that cannot be locked, why, and what to write instead.

A lock records wheels, each with its URL and its hash, the same on every machine. It cannot record a build, a file of
one machine, or a file that may change under its name.
"""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from conda_lockstep.environment.credentials import url_secrets
from conda_lockstep.environment.requirement import PipRequirement

Refusal: TypeAlias = tuple[str, str]
"""Why, and what to do."""

_BUILT = (
    "what is built from sources runs their code, and comes out anew on every machine",
    "name a release that has wheels, or publish a wheel and name that",
)
_FOLDER = (
    "a folder is what each machine has in it",
    "take the line out, write its dependencies here, and install it after the build: pip install --no-deps -e .",
)
_FILE = (
    "it is a file of one machine",
    "publish it in an index, or name it by a file:// URL that every machine has",
)
_TAKEN = frozenset(
    "--index-url --extra-index-url --find-links --requirement --constraint --no-index --pre".split()
)
_HELD_ANYWAY = frozenset("--only-binary --prefer-binary --require-hashes".split())
"""They ask for what is so in every lock: wheels, and a hash for each."""
_REASONS = {
    "--no-binary": _BUILT,
    "--trusted-host": (
        "whom a machine trusts is the machine's business",
        "delete it, and set UV_INSECURE_HOST where you lock",
    ),
}
_REPOSITORY = re.compile(r"(?:git|hg|svn|bzr)(?:\+|@)|ssh://|[^#?]*\.git(?:[@#?]|$)")


def of_option(name: str, value: str) -> Refusal | None:
    """Return why an option that stands on its own cannot be taken; None where it can."""
    if name in _HELD_ANYWAY:
        return None
    if name == "--editable":
        return _BUILT if _REPOSITORY.match(value) or "://" in value else _FOLDER
    if name not in _TAKEN:
        return _REASONS.get(name, (f"pip's option {name} is not known here", "delete it"))
    if name in ("--index-url", "--extra-index-url", "--find-links"):
        if not value:
            return f"{name} names nothing", "write its URL behind it"
        if not re.match(r"(?:https?|file)://", value):
            what = "it is no URL, and a folder is of one machine"
            return what, "write https://…, or file:///… for a folder that every machine has"
    if name in ("--requirement", "--constraint") and not value:
        return f"{name} names nothing", "write a file's name behind it"
    return None


def remedy_behind(name: str) -> str:
    """Return what to do about an option behind a requirement."""
    if name in _TAKEN or name in _HELD_ANYWAY or name in _REASONS:
        return "write it on a line of its own: pip passes over it here"
    return "delete it: it is for building, and a lock holds wheels only"


def of_requirement(parts: PipRequirement) -> Refusal | None:
    """Return why a requirement cannot be locked; None where it can."""
    if parts.kind == "requirement":
        return None
    if parts.kind == "path":
        return _FILE if parts.text.partition(";")[0].strip().endswith(".whl") else _FOLDER
    return _of_url(parts.url, parts.name)


def wheel_name(url: str) -> str:
    """Return the project of the wheel that a URL names. Raises ``InvalidWheelFilename``."""
    return parse_wheel_filename(_file_name(url))[0]


def _of_url(url: str, name: str) -> Refusal | None:
    if _REPOSITORY.match(url):
        return _BUILT
    if not re.match(r"(?:https?://|file:///)\S", url):
        return _FILE
    url, _, fragment = url.partition("#")
    if not _file_name(url).endswith(".whl"):
        return ("it is no wheel: " + _BUILT[0], _BUILT[1])
    try:
        project = wheel_name(url)
    except InvalidWheelFilename:
        return "its file has no name of a wheel (PEP 427)", "name the file as it was built"
    if name and project != name:
        return f"its file is a wheel of {project}", f"write '{project} @ …'"
    if re.match(r"(?!sha256=[0-9a-fA-F]{64}$)\w+=", fragment) and not fragment.startswith("egg="):
        return "what stands behind its '#' is no sha256", "write #sha256=…, or nothing: the lock will have it"
    if "$" in url.rpartition("@")[2]:
        return "it is another file on a machine with another environment", "write the URL out"
    if has_secret(url):
        return (
            "its URL holds a secret, which a lock must not",
            "put it before the host: https://${TOKEN}@host/…",
        )
    return None


def has_secret(url: str) -> bool:
    """Return whether a URL without its user part still holds what gives access."""
    _, at, rest = url.partition("://")
    rest = rest.rpartition("@")[2]
    return any(url_secrets(f"x{at}{rest}")) or "signature=" in urlsplit(url).query.lower()


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]
