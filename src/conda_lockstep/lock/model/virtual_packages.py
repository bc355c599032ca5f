"""The machine that a platform is solved for: virtual packages, the same whoever solves.

The solving machine never enters a lock. The defaults are those of the oldest machine that is still in wide use, as
conda-lock's are; no machine has ``__cuda`` by default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.envelope import X86_64_LEVELS


@dataclass(frozen=True, slots=True, order=True)
class VirtualPackage:
    """A fact about a machine, as the solver sees it: ``__cuda`` 12.4, ``__archspec`` 1 ``x86_64``."""

    name: str
    version: str
    build: str = "0"

    def __str__(self) -> str:
        """``__cuda=12.4``; with the build string where that says more than the version."""
        return f"{self.name}={self.version}" + ("" if self.build == "0" else f"={self.build}")


_LINUX = (
    VirtualPackage("__glibc", "2.28"),
    VirtualPackage("__linux", "5.10"),
    VirtualPackage("__unix", "0"),
)
"""RHEL 8 and its kin have glibc 2.28; wheels are tagged manylinux_2_28 for them."""
_MACOS = (VirtualPackage("__osx", "11.0"), VirtualPackage("__unix", "0"))
_WINDOWS = (VirtualPackage("__win", "10.0"),)

_MACHINES: Mapping[str, tuple[VirtualPackage, ...]] = {
    "linux-64": (VirtualPackage("__archspec", "1", "x86_64"), *_LINUX),
    "linux-aarch64": (VirtualPackage("__archspec", "1", "aarch64"), *_LINUX),
    "linux-ppc64le": (VirtualPackage("__archspec", "1", "ppc64le"), *_LINUX),
    "osx-64": (VirtualPackage("__archspec", "1", "x86_64"), *_MACOS),
    "osx-arm64": (VirtualPackage("__archspec", "1", "m1"), *_MACOS),
    "win-64": (VirtualPackage("__archspec", "1", "x86_64"), *_WINDOWS),
    "win-arm64": (VirtualPackage("__archspec", "1", "aarch64"), *_WINDOWS),
}
PLATFORMS = tuple(_MACHINES)
"""What can be locked for."""


def virtual_packages(
    platform: str, cuda: str = "", *, glibc: str = "", archspec: str = ""
) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of a platform, by name; ``cuda`` is the newest CUDA its driver supports.

    ``glibc`` and ``archspec`` take the place of what the platform has at least. Apple's machines have no CUDA. Raises
    ``LockstepError`` for a platform or a version that is none.
    """
    if platform not in _MACHINES:
        raise LockstepError(f"'{platform}' is no platform", remedy=f"known are {', '.join(PLATFORMS)}")
    if cuda and not re.fullmatch(r"\d+\.\d+", cuda):
        raise LockstepError(f"'{cuda}' is no CUDA version", remedy="give major and minor, such as 12.4")
    found = _MACHINES[platform]
    if cuda and not platform.startswith("osx-"):
        found = (*found, VirtualPackage("__cuda", cuda))
    known = {
        "__glibc": VirtualPackage("__glibc", glibc),
        "__archspec": VirtualPackage("__archspec", "1", archspec),
    }
    given = {"__glibc": glibc, "__archspec": archspec}
    return tuple(sorted(known[package.name] if given.get(package.name) else package for package in found))


def common(platform: str, machines: Sequence[tuple[VirtualPackage, ...]]) -> tuple[VirtualPackage, ...]:
    """Return what all of some machines of a platform have: of each virtual package the oldest, if all have it."""
    shared = set.intersection(*({package.name for package in found} for found in machines))
    by_name = (
        [package for found in machines for package in found if package.name == name] for name in shared
    )
    return tuple(sorted(_oldest(platform, found) for found in by_name))


def _oldest(platform: str, found: Sequence[VirtualPackage]) -> VirtualPackage:
    if found[0].name != "__archspec":
        versions = sorted({package.version for package in found}, key=cmp_to_key(_newer_last))
        return VirtualPackage(found[0].name, versions[0], found[0].build)
    builds = {package.build for package in found}
    if builds <= {*X86_64_LEVELS}:
        return VirtualPackage("__archspec", "1", min(builds, key=X86_64_LEVELS.index))
    # Of processors that are not levels of one another, only the platform's own is sure.
    own = next(package for package in _MACHINES[platform] if package.name == "__archspec")
    return found[0] if len(builds) == 1 else own


def _newer_last(one: str, other: str) -> int:
    return compare_conda(other, one)


def to_text(found: tuple[VirtualPackage, ...]) -> str:
    """Write virtual packages as a lock keeps them: ``__archspec=1=x86_64 __cuda=12.4 …``."""
    return " ".join(map(str, sorted(found)))


def from_text(text: str) -> tuple[VirtualPackage, ...]:
    """Undo :func:`to_text`; what is not of its form is left out."""
    parts = (package.split("=") for package in text.split())
    return tuple(VirtualPackage(*package) for package in parts if 2 <= len(package) <= 3 and all(package))
