"""The pin that a lock gives an entry: ``numpy`` becomes ``numpy=1.26``, ``wandb`` becomes ``wandb==0.17.0``.

Needs no solver. One entry at a time, so that the command and the fixes of lint pin alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from conda_lockstep.conda.match_spec import CondaSpec
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import CondaEntry, PipEntry, rewrite
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import Key, Package, PackageSet

Precision: TypeAlias = Literal["minor", "patch", "build"]
PARTS: Mapping[Precision, int] = {"minor": 2, "patch": 3}
"""How many parts of the version a pin has; ``build`` names all of it, and the build."""

_RELEASE = re.compile(r"(?P<epoch>\d+!)?(?P<release>[^+]*)")
_PEP440 = re.compile(r"(?:\d+!)?\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)*")
"""A version that is spelled alike by both managers."""


@dataclass(frozen=True, slots=True)
class Left:
    """An entry that cannot be pinned, and why."""

    why: str


class Pins:
    """What locks hold, by what they are for: a platform, mostly."""

    def __init__(self, held: Mapping[str, PackageSet]) -> None:
        self._held = held

    def conda(self, entry: CondaEntry, precision: Precision) -> Edit | Left | None:
        """Return the edit that pins a conda entry; None where it is pinned so, or names no package to pin."""
        spec = entry.spec
        if spec.url or spec.name.startswith("__"):
            return None
        brackets = dict(spec.brackets)
        if "version" in brackets or ("build" in brackets and precision == "build"):
            return Left("what a pin would change stands in its brackets")
        key: Key = ("conda", spec.name)
        pins = {
            name: _conda_pin(packages[key], precision, spec)
            for name, packages in self._held.items()
            if key in packages
        }
        pin = _agreed(pins, [name for name in self._held if name not in pins])
        if isinstance(pin, Left):
            return pin
        start = spec.name_at[1]
        end = max(start, spec.version_at[1], spec.build_at[1])
        return _put(entry, start, end, pin)

    def pip(self, entry: PipEntry) -> Edit | Left | None:
        """Return the edit that pins a pip entry; None where it is pinned so, or is no plain requirement.

        A project that a conda package holds is pinned to that, as pip must leave it alone.
        """
        requirement = entry.requirement
        if requirement.kind != "requirement":
            return None
        if "--hash" in requirement.text:
            return Left("its hash is that of another version")
        pins = {
            name: f"=={versions[requirement.name]}"
            for name, versions in self._projects.items()
            if requirement.name in versions
        }
        # With a marker, an entry may be for some of the platforms only.
        absent = [] if pins and requirement.marker else [name for name in self._held if name not in pins]
        pin = _agreed(pins, absent)
        if isinstance(pin, Left):
            return pin
        start, end = requirement.specifier_at
        if not requirement.specifier:
            start = end = _end_of_name(entry)
        return _put(entry, start, end, pin)

    @cached_property
    def _projects(self) -> Mapping[str, Mapping[str, str]]:
        """The versions of PyPI projects by normalised name, on each platform."""
        return {name: _versions(packages) for name, packages in self._held.items()}


def _conda_pin(package: Package, precision: Precision, spec: CondaSpec) -> str:
    if precision == "build":
        return f"={package.version}={package.build}".rstrip("=")
    match = _RELEASE.match(package.version)
    epoch, release = (match["epoch"] or "", match["release"]) if match else ("", package.version)
    version = epoch + ".".join(release.split(".")[: PARTS[precision]])
    # Beside a build, a version is exact without the glob.
    if "build" in dict(spec.brackets):
        return f"={version}.*"
    # A pattern asks for a variant; a whole build string is a pin that is finer than what is wanted.
    return f"={version}.*={spec.build}" if "*" in spec.build else f"={version}"


def _versions(packages: PackageSet) -> Mapping[str, str]:
    by_conda = owned_by_conda(packages.only("conda").values())
    found = {name: owned.version for name, owned in by_conda.items() if _PEP440.fullmatch(owned.version)}
    return found | {normalize(package.name): package.version for package in packages.only("pip").values()}


def _agreed(pins: Mapping[str, str], absent: Sequence[str]) -> str | Left:
    if absent or not pins:
        return Left(f"it is not in the lock for {', '.join(absent) or 'any platform'}")
    if len(set(pins.values())) > 1:
        listed = ", ".join(f"{name} has '{pin}'" for name, pin in sorted(pins.items()))
        return Left(f"the platforms disagree: {listed}")
    return next(iter(pins.values()))


def _end_of_name(entry: PipEntry) -> int:
    """Return where the name ends, with its extras."""
    end = entry.requirement.name_at[1]
    extras = re.compile(r"\s*\[[^\]]*\]").match(entry.requirement.text, end)
    return extras.end() if extras else end


def _put(entry: CondaEntry | PipEntry, start: int, end: int, pin: str) -> Edit | Left | None:
    if entry.item.value[start:end] == pin:
        return None
    return rewrite(entry.item, (start, end), pin) or Left("its text is not in the file as it is read")
