"""Package and channel URLs: their parts, and what must never be written or printed of them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from conda_lockstep.conda.trust import Trust
from conda_lockstep.errors import LockstepError

ANACONDA = "https://conda.anaconda.org"

# Compiled when they are first needed, which is seldom: that takes longer than reading a dozen records.
_USER = r"(?<=://)[^/@\s]+@"
_TOKEN = r"/t/[^/\s]+(?=/|$|\s)"
_VARIABLE = r"\$(?:\{(\w+)\}|(\w+))"
_ARCHIVES = (".conda", ".tar.bz2")


class PackageUrl(NamedTuple):
    """The parts of a conda package's URL; name, version and build are empty where the file name has none."""

    channel: str
    subdir: str
    name: str = ""
    version: str = ""
    build: str = ""


def without_credentials(text: str) -> str:
    """Return a URL, or a text that holds URLs, without ``user:password@`` and ``/t/TOKEN``."""
    if "@" in text:
        text = re.sub(_USER, "", text)
    return re.sub(_TOKEN, "", text) if "/t/" in text else text


def with_variables(text: str, trust: Trust) -> str:
    """Return a URL with its environment variables expanded: that is where tokens belong.

    Raises ``LockstepError`` for a variable that is not set, and for any if the file with the URL is not trusted.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if trust.distrust:
            what = f"the environment variable {name} is withheld: {trust.distrust}"
            raise LockstepError(what, remedy="write the URL without it")
        if name not in os.environ:
            what = f"the environment variable {name} is not set"
            raise LockstepError(what, remedy="set it, or use a mirror")
        return os.environ[name]

    return re.sub(_VARIABLE, value, text) if "$" in text else text


def reason_of_answer(reason: str, trust: Trust) -> str:
    """Return a colon and the reason why a server's answer cannot be read, which may quote the answer.

    It is empty for a file that is not trusted: the file could have the runner query its own network, and show the
    answer.
    """
    return "" if trust.distrust else f": {reason}"


def split_package_url(url: str) -> PackageUrl:
    """Split ``CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda``."""
    folder, _, archive = url.rpartition("/")
    channel, _, subdir = folder.rpartition("/")
    archive = unquote(archive)
    for suffix in _ARCHIVES:
        parts = archive.removesuffix(suffix).rsplit("-", 2)
        if archive.endswith(suffix) and len(parts) == 3 and all(parts):
            return PackageUrl(channel, subdir, *parts)
    return PackageUrl(channel, subdir)


def unquote(text: str) -> str:
    """Return a part of a URL as it is meant: ``1.0%2Bcu118`` is ``1.0+cu118``."""
    if "%" not in text:
        return text
    from urllib.parse import unquote as decode  # rarely needed, and slow to load

    return decode(text)
