"""Package and channel URLs: their parts, and what must never be written or printed of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

ANACONDA = "https://conda.anaconda.org"

_USER = re.compile(r"(?<=://)[^/@\s]+@")
_TOKEN = re.compile(r"/t/[^/\s]+(?=/|$|\s)")
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


def split_package_url(url: str) -> PackageUrl:
    """Split ``CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda``."""
    folder, _, archive = url.rpartition("/")
    channel, _, subdir = folder.rpartition("/")
    if "%" in archive:
        from urllib.parse import unquote  # rarely needed, and slow to load

        archive = unquote(archive)
    match = _ARCHIVE.fullmatch(archive)
    return PackageUrl(channel, subdir, *match.groups()) if match else PackageUrl(channel, subdir)
