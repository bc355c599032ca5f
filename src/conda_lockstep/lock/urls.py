"""Package and channel URLs: their parts, and what must never be written or printed of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from conda_lockstep.errors import LockstepError

ANACONDA = "https://conda.anaconda.org"

_USER = re.compile(r"(?<=://)[^/@\s]+@")
_TOKEN = re.compile(r"/t/[^/\s]+(?=/|$|\s)")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ARCHIVE = re.compile(r"(.+)-([^-]+)-([^-]+)(?:\.conda|\.tar\.bz2)")


@dataclass(frozen=True, slots=True)
class PackageUrl:
    """The parts of a conda package's URL; name, version and build are empty where the file name has none."""

    channel: str
    subdir: str
    name: str = ""
    version: str = ""
    build: str = ""


def without_credentials(text: str) -> str:
    """Return a URL, or a text that holds URLs, without ``user:password@`` and ``/t/TOKEN``."""
    if "@" in text:
        text = _USER.sub("", text)
    return _TOKEN.sub("", text) if "/t/" in text else text


def with_variables(text: str) -> str:
    """Put in the environment variables of a URL, which is where tokens belong; raises for one that is not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise LockstepError(
                f"the environment variable {name} is not set", remedy="set it, or use a mirror"
            )
        return os.environ[name]

    return _VARIABLE.sub(value, text) if "$" in text else text


def split_package_url(url: str) -> PackageUrl:
    """Split ``CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda``."""
    folder, _, archive = url.rpartition("/")
    channel, _, subdir = folder.rpartition("/")
    match = _ARCHIVE.fullmatch(unquote(archive))
    return PackageUrl(channel, subdir, *match.groups()) if match else PackageUrl(channel, subdir)


def unquote(text: str) -> str:
    """Return a part of a URL as it is meant: ``1.0%2Bcu118`` is ``1.0+cu118``."""
    if "%" not in text:
        return text
    from urllib.parse import unquote as decode  # rarely needed, and slow to load

    return decode(text)
