"""Which wheels fit a machine that is not this one, and which of them fits best (PEP 425, 600, 656)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from conda_lockstep.lock.model.virtual_packages import VirtualPackage

_LINUX_ARCH = {"linux-64": "x86_64", "linux-aarch64": "aarch64", "linux-ppc64le": "ppc64le"}
_UV_GLIBC = (17, 28, *range(31, 41))
"""The manylinux_2_X that uv knows as a platform."""


@dataclass(frozen=True, slots=True)
class WheelTarget:
    """A CPython (``3.12.7``) on a platform with a machine."""

    python: str
    platform: str
    machine: tuple[VirtualPackage, ...]

    @property
    def named(self) -> str:
        """Return what the machine is called in a message: ``linux-64 with glibc 2.28``."""
        libc = self.platform in _LINUX_ARCH and next(
            (fact.version for fact in self.machine if fact.name == "__glibc"), ""
        )
        return f"{self.platform} with glibc {libc}" if libc else self.platform

    @property
    def uv_platform(self) -> str:
        """Return what ``uv --python-platform`` calls it."""
        if self.platform in _LINUX_ARCH:
            minor = max((known for known in _UV_GLIBC if known <= self._glibc[1]), default=17)
            return f"{_LINUX_ARCH[self.platform]}-manylinux_2_{minor}"
        return {
            "osx-64": "x86_64-apple-darwin",
            "osx-arm64": "aarch64-apple-darwin",
            "win-64": "x86_64-pc-windows-msvc",
            "win-arm64": "aarch64-pc-windows-msvc",
        }[self.platform]

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Return the wheel tags that fit, best first."""
        platforms = list(self._platforms())
        major, minor = (int(part) for part in self.python.split(".")[:2])
        interpreter = f"cp{major}{minor}"
        # Before 3.8, the ABI was marked with an m for pymalloc. By default, packaging looks at this machine.
        abi = interpreter if (major, minor) >= (3, 8) else f"{interpreter}m"
        return (
            *cpython_tags((major, minor), abis=[abi], platforms=platforms),
            *compatible_tags((major, minor), interpreter, platforms),
        )

    @property
    def markers(self) -> dict[str, str]:
        """Return the environment of PEP 508 markers."""
        linux, mac = self.platform in _LINUX_ARCH, self.platform.startswith("osx")
        arch = _LINUX_ARCH.get(self.platform, "arm64" if "arm64" in self.platform else "x86_64")
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix" if linux or mac else "nt",
            "platform_machine": arch if linux or mac else {"x86_64": "AMD64", "arm64": "ARM64"}[arch],
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux" if linux else "Darwin" if mac else "Windows",
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": ".".join(self.python.split(".")[:2]),
            "sys_platform": "linux" if linux else "darwin" if mac else "win32",
        }

    @property
    def _glibc(self) -> tuple[int, int]:
        return self._version_of("__glibc", (2, 17))

    def _version_of(self, name: str, default: tuple[int, int]) -> tuple[int, int]:
        version = next((fact.version for fact in self.machine if fact.name == name), "")
        match = re.match(r"(\d+)(?:\.(\d+))?", version)
        return (int(match[1]), int(match[2] or 0)) if match else default

    def _platforms(self) -> Iterator[str]:
        if arch := _LINUX_ARCH.get(self.platform):
            yield f"linux_{arch}"
            # manylinux starts with glibc 2.5 on x86_64, and with 2.17 on everything younger.
            for minor in range(self._glibc[1], 4 if arch == "x86_64" else 16, -1):
                yield f"manylinux_2_{minor}_{arch}"
                if legacy := {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}.get(minor):
                    yield f"{legacy}_{arch}"
        elif self.platform.startswith("osx"):
            yield from mac_platforms(
                self._version_of("__osx", (11, 0)), "x86_64" if self.platform == "osx-64" else "arm64"
            )
        else:
            yield "win_arm64" if self.platform == "win-arm64" else "win_amd64"


class WheelName(NamedTuple):
    """The parts of a wheel's file name (PEP 427); ``project`` is normalized, ``build`` -1 where there is none."""

    project: str
    version: Version
    build: int
    tags: frozenset[Tag]


@lru_cache(maxsize=1 << 14)
def wheel_name(file_name: str) -> WheelName | None:
    """Read a file name; None for one that is not a wheel's."""
    try:
        project, version, build, tags = parse_wheel_filename(file_name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return WheelName(project, version, build[0] if build else -1, tags)


def fits(wheel: WheelName, target: WheelTarget) -> bool:
    """Return whether an installer on the target would install a wheel."""
    return not wheel.tags.isdisjoint(_order(target))


def best(file_names: Sequence[str], target: WheelTarget) -> str | None:
    """Return the wheel that an installer on the target would choose; None where none fits.

    Of two wheels with the same tag the higher build number wins (PEP 427), then the first by name.
    """
    order = _order(target)
    ranked = []
    for name in file_names:
        wheel = wheel_name(name)
        ranks = [order[tag] for tag in wheel.tags if tag in order] if wheel else []
        if wheel and ranks:
            ranked.append((min(ranks), -wheel.build, name))
    return min(ranked)[2] if ranked else None


@cache
def _order(target: WheelTarget) -> dict[Tag, int]:
    return {tag: rank for rank, tag in enumerate(target.tags)}
