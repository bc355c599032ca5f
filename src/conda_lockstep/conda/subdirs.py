"""conda's names for platforms: every subdir of a channel, and that of the running machine."""

from __future__ import annotations

import os
import sys

PLATFORMS = frozenset(
    "emscripten-wasm32 freebsd-64 linux-32 linux-64 linux-aarch64 linux-armv6l linux-armv7l linux-ppc64 "
    "linux-ppc64le linux-riscv32 linux-riscv64 linux-s390x osx-64 osx-arm64 wasi-wasm32 win-32 win-64 win-arm64 "
    "zos-z".split()
)
"""The subdirs that are platforms. Source: ``KNOWN_SUBDIRS`` of conda 26.7 (``conda/base/constants.py``)."""

NOARCH = "noarch"
KNOWN_SUBDIRS = PLATFORMS | {NOARCH}
"""The last part of a channel's URL that is a subdir and not part of the channel's name."""

_ARCHES = {"amd64": "64", "x86_64": "64", "i386": "32", "i686": "32", "armv7l": "armv7l", "arm64": "aarch64"}


def this_platform() -> str:
    """Return the conda subdir of the running machine, such as ``linux-64``."""
    if sys.platform == "win32":
        arch = os.environ.get("PROCESSOR_ARCHITECTURE", "AMD64").lower()
        return "win-arm64" if arch == "arm64" else f"win-{_ARCHES.get(arch, arch)}"
    arch = os.uname().machine.lower()
    if sys.platform == "darwin":
        return "osx-arm64" if arch == "arm64" else "osx-64"
    return f"linux-{_ARCHES.get(arch, arch)}"


def split_subdir(path: str) -> tuple[str, str]:
    """Split a channel's name, URL or path into the channel and its subdir; the subdir is empty where there is none."""
    head, _, tail = path.rpartition("/")
    return (head, tail) if head and tail in KNOWN_SUBDIRS else (path, "")
