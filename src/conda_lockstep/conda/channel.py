"""Channels as they are written, and what conda makes of them: one channel has many spellings.

``https://conda.anaconda.org/conda-forge/`` is ``conda-forge``, ``https://repo.anaconda.com/pkgs/main`` is part of
``defaults`` (conda's ``models/channel.py`` and ``base/constants.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from conda_lockstep.conda.subdirs import split_subdir

DEFAULTS = "defaults"
NODEFAULTS = "nodefaults"
FORGE = "conda-forge"

_ANACONDA_ORG = ("conda.anaconda.org/", "anaconda.org/channels/", "anaconda.org/")
_ANACONDA_REPO = ("repo.anaconda.com/pkgs/", "repo.continuum.io/pkgs/")
_OF_ANACONDA = frozenset(("main", "r", "free", "msys2", "pro", "archive", "anaconda"))
_LOOPBACK = ("localhost", "[::1]", "0.0.0.0")


class Channel(NamedTuple):
    """A channel as conda tells it from others.

    ``name`` is conda's canonical name, a URL without credentials for what is on no known server. ``base`` is the
    name without label and mirror: what packages it holds. ``scheme`` is empty for a bare name. ``login`` is the
    user, password or token in a URL.
    """

    text: str
    name: str
    base: str
    scheme: str = ""
    host: str = ""
    login: str = ""

    @property
    def is_anacondas(self) -> bool:
        """Say whether Anaconda's terms of service hold: ``defaults``, its parts, and its channel ``anaconda``."""
        return self.base == DEFAULTS

    @property
    def is_local(self) -> bool:
        """Say whether it is a folder of this machine, or a server on it."""
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
        path = text.strip("/")
        return Channel(text, _without_subdir(_canonical(path)), _base(path))
    login, rest = _without_login(rest)
    rest = _without_subdir(rest.rstrip("/"))
    scheme = scheme.lower()
    host = rest.partition("/")[0].lower()
    for server in _ANACONDA_ORG:
        if rest.startswith(server):
            path = rest[len(server) :]
            return Channel(text, _canonical(path), _base(path), scheme, host, login)
    for server in _ANACONDA_REPO:
        if rest.startswith(server):
            path = f"pkgs/{rest[len(server) :]}"
            return Channel(text, _canonical(path), DEFAULTS, scheme, host, login)
    return Channel(text, f"{scheme}://{rest}", _base(_last_part(rest)), scheme, host, login)


def _is_path(text: str) -> bool:
    return text.startswith(("/", "./", "../", "~", "\\")) or text[1:3] == ":\\"


def _canonical(path: str) -> str:
    return DEFAULTS if path == "pkgs/main" else path


def _base(path: str) -> str:
    name = _without_subdir(path).partition("/label/")[0]
    return DEFAULTS if name.removeprefix("pkgs/") in _OF_ANACONDA else name


def _last_part(rest: str) -> str:
    """Return the part of a mirror's URL that names the channel it mirrors."""
    path, label, name = rest.partition("/label/")
    folder, _, last = path.rpartition("/")
    if folder.endswith("/pkgs"):
        last = f"pkgs/{last}"
    return f"{last}{label}{name}"


def _without_subdir(path: str) -> str:
    return split_subdir(path)[0]


def _without_login(rest: str) -> tuple[str, str]:
    """Part what stands behind ``://`` into user, password or token, and the rest."""
    host, slash, path = rest.partition("/")
    user, _, host = host.rpartition("@")
    if not path.startswith("t/"):
        return user, f"{host}{slash}{path}"
    token, _, path = path[2:].partition("/")
    return user or token, f"{host}/{path}"
