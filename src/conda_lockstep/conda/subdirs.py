"""conda's names for platforms."""

from __future__ import annotations

import os
import sys

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
