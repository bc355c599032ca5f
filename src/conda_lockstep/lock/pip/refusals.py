"""The pip syntax that cannot be locked, with the reason and the remedy.

A lock records wheels, each with its URL and its hash, and projects by their source. It cannot record a file of one
machine, or a file that may change under its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from conda_lockstep.environment.credentials import url_secrets
from conda_lockstep.environment.requirement import PipRequirement
from conda_lockstep.errors import LockstepError

Refusal: TypeAlias = tuple[str, str]
"""Why, and what to do."""

BUILT = (
    "a build from sources runs their code, and its result differs between machines",
    "request a release that has wheels, or publish a wheel",
)
FILE = (
    "it is a file of one machine",
    "publish it in an index, or write a file:// URL that every machine has",
)
_TAKEN = frozenset(
    "--index-url --extra-index-url --find-links --requirement --constraint --no-index --pre".split()
)
_HELD_ANYWAY = frozenset("--only-binary --prefer-binary --require-hashes".split())
"""Every lock fulfills them: it has wheels only, and a hash for each."""
_REASONS = {
    "--no-binary": BUILT,
    "--trusted-host": (
        "which hosts to trust is up to each machine",
        "delete it, and set UV_INSECURE_HOST where you lock",
    ),
}


def of_option(name: str, value: str) -> Refusal | None:
    """Return why an option on a line of its own is refused; None where it is accepted."""
    if name in _HELD_ANYWAY:
        return None
    if name == "--editable":
        return f"{name} has no value", "write a folder or a git URL after it"
    if name not in _TAKEN:
        return _REASONS.get(name, (f"pip's option {name} is not supported", "delete it"))
    if name in ("--index-url", "--extra-index-url", "--find-links"):
        if not value:
            return f"{name} has no value", "write its URL after it"
        if not re.match(r"(?:https?|file)://", value):
            what = "it is not a URL, and other machines do not have that folder"
            return what, "write https://…, or file:///… for a folder that every machine has"
    if name in ("--requirement", "--constraint") and not value:
        return f"{name} has no value", "write a file's name after it"
    return None


def remedy_behind(name: str) -> str:
    """Return the remedy for an option after a requirement."""
    if name in _TAKEN or name in _HELD_ANYWAY or name in _REASONS:
        return "write it on a line of its own: pip ignores it here"
    return "delete it: it is for builds, and a lock has only wheels"


def of_requirement(parts: PipRequirement) -> Refusal | None:
    """Return why a requirement cannot be locked; None where it can, and for a project."""
    return None if parts.kind in ("requirement", "path") else _of_url(parts.url, parts.name)


class RefusedEntriesError(LockstepError):
    """Several pip entries of a file cannot be locked; ``detail`` has a line for each."""


def together(errors: Sequence[LockstepError], path: str) -> LockstepError:
    """Return one error for all that is wrong with the pip entries of a file: each with its place and remedy."""
    if len(errors) == 1:
        return errors[0]
    what = f"{len(errors)} pip entries cannot be locked, for the reasons above"
    return RefusedEntriesError(what, where=path, remedy="change each", detail=tuple(map(str, errors)))


def wheel_name(url: str) -> str:
    """Return the project of the wheel that a URL names. Raises ``InvalidWheelFilename``."""
    return parse_wheel_filename(_file_name(url))[0]


def _of_url(url: str, name: str) -> Refusal | None:
    if not re.match(r"(?:https?://|file:///)\S", url):
        return FILE
    url, _, fragment = url.partition("#")
    if not _file_name(url).endswith(".whl"):
        return ("it is not a wheel: " + BUILT[0], BUILT[1])
    try:
        project = wheel_name(url)
    except InvalidWheelFilename:
        return "its file is not named as a wheel (PEP 427)", "give the file the name that it was built with"
    if name and project != name:
        return f"its file is a wheel of {project}", f"write '{project} @ …'"
    if re.match(r"(?!sha256=[0-9a-fA-F]{64}$)\w+=", fragment) and not fragment.startswith("egg="):
        return (
            "the part after its '#' is not a sha256",
            "write #sha256=…, or nothing: lockstep adds it to the lock",
        )
    if "$" in url.rpartition("@")[2]:
        return "it depends on environment variables, so machines may get other files", "write the URL out"
    if has_secret(url):
        return (
            "its URL contains a secret, which must not be in a lock",
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
