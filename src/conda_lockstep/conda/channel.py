"""Channels as conda reads them: one channel has many spellings, one name and one base URL.

``https://conda.anaconda.org/conda-forge/`` is ``conda-forge``, ``https://repo.anaconda.com/pkgs/main`` is part of
``defaults`` (conda's ``models/channel.py`` and ``base/constants.py``;
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.conda.subdirs import split_subdir
from conda_lockstep.conda.urls import ANACONDA, without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.resolve_path import resolve_path

DEFAULTS = "defaults"
NODEFAULTS = "nodefaults"
FORGE = "conda-forge"

DEFAULT_URLS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
MSYS2_URL = "https://repo.anaconda.com/pkgs/msys2"
"""The third part of ``defaults``, on Windows only."""

_ANACONDA_ORG = ("conda.anaconda.org/", "anaconda.org/channels/", "anaconda.org/")
_ANACONDA_REPO = ("repo.anaconda.com/pkgs/", "repo.continuum.io/pkgs/")
_OF_ANACONDA = frozenset(("main", "r", "free", "msys2", "pro", "archive", "anaconda"))
_REPO = "https://repo.anaconda.com"
_NAME = r"[A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.+\-]+)*"
_LOOPBACK = ("localhost", "[::1]", "0.0.0.0")


class Channel(NamedTuple):
    """A channel as conda identifies it.

    ``name`` is conda's canonical name, a URL without credentials if it is not on a known server. ``base`` is the name
    without label and mirror, ``subdir`` the platform in its URL or name. ``scheme`` is empty for a bare name.
    ``login`` is the user, password or token in a URL.
    """

    text: str
    name: str
    base: str
    scheme: str = ""
    host: str = ""
    login: str = ""
    subdir: str = ""

    @property
    def is_anacondas(self) -> bool:
        """Return whether Anaconda's terms of service apply: ``defaults``, its parts, and the channel ``anaconda``."""
        return self.base == DEFAULTS

    @property
    def is_local(self) -> bool:
        """Return whether it is a folder of this machine, or a server on it."""
        if not self.scheme and not self.host:
            return _is_path(self.text)
        host = self.host.rpartition(":")[0] if self.host[-1:].isdigit() and ":" in self.host else self.host
        if self.scheme == "file" or host in _LOOPBACK or re.fullmatch(r"127(?:\.\d+){3}", host):
            return True
        return not self.scheme and _is_path(self.text)


@lru_cache(maxsize=1024)
def read_channel(text: str) -> Channel:
    """Read a channel: a name, a name with a label, a URL or a path."""
    text = text.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        if _is_path(text):
            return Channel(text, text, text)
        path, subdir = split_subdir(text.strip("/"))
        return Channel(text, _canonical(path), _base(path), subdir=subdir)
    login, rest = _without_login(rest)
    rest, subdir = split_subdir(rest.rstrip("/"))
    scheme = scheme.lower()
    host = rest.partition("/")[0].lower()
    name, base = f"{scheme}://{rest}", _base(_last_part(rest))
    if server := next((each for each in _ANACONDA_ORG if rest.startswith(each)), ""):
        path = rest[len(server) :]
        name, base = _canonical(path), _base(path)
    elif server := next((each for each in _ANACONDA_REPO if rest.startswith(each)), ""):
        name, base = _canonical(f"pkgs/{rest[len(server) :]}"), DEFAULTS
    return Channel(text, name, base, scheme, host, login, subdir)


def channel_url(text: str, folder: Path) -> str:
    """Return the base URL of a channel, with the credentials of ``text`` and without a slash at its end.

    A path is relative to ``folder``, and ``defaults`` is its first part. A host without a scheme is read as https.
    Raises ``LockstepError`` for text that is not a channel.
    """
    text, _ = split_subdir(text.strip().rstrip("/"))
    if text == DEFAULTS:
        return DEFAULT_URLS[0]
    if re.match(r"[a-z0-9+]+://", text):
        return re.sub(r"^http://conda\.anaconda\.org(?=/|$)", ANACONDA, text)
    if _is_path(text):
        from urllib.parse import quote  # slow to load, and lint needs no URL

        # The working folder must not change the meaning of a path.
        return "file://" + quote(resolve_path(folder / Path(text).expanduser()).as_posix())
    if not re.fullmatch(_NAME, text):
        raise LockstepError(
            f"'{without_credentials(text)}' is not a channel", remedy="write a name, a URL or a path"
        )
    if text.startswith("pkgs/"):
        return f"{_REPO}/{text}"
    return f"https://{text}" if "." in text.partition("/")[0] and "/" in text else f"{ANACONDA}/{text}"


def _is_path(text: str) -> bool:
    return (
        text.startswith(("/", "./", "../", "~", "\\")) or re.match(r"[A-Za-z]:[\\/](?!/)", text) is not None
    )


def _canonical(path: str) -> str:
    return DEFAULTS if path == "pkgs/main" else path


def _base(path: str) -> str:
    name = path.partition("/label/")[0]
    return DEFAULTS if name.removeprefix("pkgs/") in _OF_ANACONDA else name


def _last_part(rest: str) -> str:
    """Return the part of a mirror's URL that names the channel it mirrors."""
    path, label, name = rest.partition("/label/")
    folder, _, last = path.rpartition("/")
    if folder.endswith("/pkgs"):
        last = f"pkgs/{last}"
    return f"{last}{label}{name}"


def _without_login(rest: str) -> tuple[str, str]:
    """Split the text after ``://`` into user, password or token, and the rest."""
    host, slash, path = rest.partition("/")
    user, _, host = host.rpartition("@")
    if not path.startswith("t/"):
        return user, f"{host}{slash}{path}"
    token, _, path = path[2:].partition("/")
    return user or token, f"{host}/{path}"
