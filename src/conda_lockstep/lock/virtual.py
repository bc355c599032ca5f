"""The machine that a platform is solved for: virtual packages, the same whoever solves.

What the solving machine happens to be never enters a lock. Without ``--cuda`` there is no ``__cuda``; the rest is
what the oldest machine that is still in wide use has, as conda-lock assumes it, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conda_lockstep.errors import LockstepError


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


def machine(platform: str, cuda: str = "") -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of a platform, by name; ``cuda`` is the newest CUDA its driver supports.

    Apple's machines have no CUDA. Raises ``LockstepError`` for a platform or a version that is none.
    """
    if platform not in _MACHINES:
        raise LockstepError(f"'{platform}' is no platform", remedy=f"known are {', '.join(PLATFORMS)}")
    if cuda and not re.fullmatch(r"\d+\.\d+", cuda):
        raise LockstepError(f"'{cuda}' is no CUDA version", remedy="give major and minor, such as 12.4")
    facts = _MACHINES[platform]
    if cuda and not platform.startswith("osx-"):
        facts = (*facts, VirtualPackage("__cuda", cuda))
    return tuple(sorted(facts))


def to_text(facts: tuple[VirtualPackage, ...]) -> str:
    """Write virtual packages as a lock keeps them: ``__archspec=1=x86_64 __cuda=12.4 …``."""
    return " ".join(map(str, sorted(facts)))


def from_text(text: str) -> tuple[VirtualPackage, ...]:
    """Undo :func:`to_text`; what is not of its form is left out."""
    parts = (fact.split("=") for fact in text.split())
    return tuple(VirtualPackage(*fact) for fact in parts if 2 <= len(fact) <= 3 and all(fact))
