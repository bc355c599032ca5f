"""The hardware envelope: what a package set asks of the machine, folded over all its packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conda_lockstep.drift.model import DriftClass, EnvelopeChange
from conda_lockstep.drift.versions import compare_conda
from conda_lockstep.packages import Package, PackageSet

_LOWER_BOUND = re.compile(r"(?:>=|>|==|=|~=)?\s*(\d[^,|*\s]*)")


@dataclass(frozen=True, slots=True)
class Bound:
    """The highest lower bound on one virtual package, and the packages that ask for it.

    ``version`` is empty where the virtual package only has to be there.
    """

    version: str
    packages: tuple[str, ...]


def envelope(packages: PackageSet, *, constrains: bool = True) -> Mapping[str, Bound]:
    """Return the lower bounds on ``__cuda``, ``__glibc`` and so on, by name.

    ``constrains`` count as well: conda-forge's ``cuda-version`` bounds the driver there alone.
    """
    found: dict[str, Bound] = {}
    for package in packages.values():
        for name, version in _bounds(package, constrains):
            known = found.get(name)
            order = 1 if known is None else compare_conda(known.version, version)
            if order > 0:
                found[name] = Bound(version, (package.name,))
            elif known is not None and order == 0 and package.name not in known.packages:
                found[name] = Bound(known.version, (*known.packages, package.name))
    return found


def compare_envelopes(old: PackageSet, new: PackageSet) -> tuple[EnvelopeChange, ...]:
    """Return the bounds that moved; none where one side does not know its dependencies."""
    if not (_knows(old, "depends") and _knows(new, "depends")):
        return ()
    constrains = _knows(old, "constrains") and _knows(new, "constrains")
    before, after = envelope(old, constrains=constrains), envelope(new, constrains=constrains)
    return tuple(
        change
        for name in sorted({*before, *after})
        if (change := _compare(name, before.get(name), after.get(name)))
    )


def _compare(name: str, old: Bound | None, new: Bound | None) -> EnvelopeChange | None:
    before, after = _version(old), _version(new)
    order = (new is not None) - (old is not None) or compare_conda(before, after)
    if order == 0:
        return None
    direction = DriftClass.RAISED if order > 0 else DriftClass.LOWERED
    higher = new if order > 0 else old
    return EnvelopeChange(name, direction, before, after, tuple(sorted(higher.packages)) if higher else ())


def _version(bound: Bound | None) -> str:
    if bound is None:
        return ""
    return bound.version or "any"


def _bounds(package: Package, constrains: bool) -> Iterable[tuple[str, str]]:
    for spec in (*package.depends, *(package.constrains if constrains else ())):
        if spec.startswith("__"):
            match = re.match(r"(__[a-z0-9_]+)\s*(.*)", spec)
            if match:
                yield match[1], _lower_bound(match[1], match[2])


def _lower_bound(name: str, constraint: str) -> str:
    """Return the version that a constraint asks for at least; for ``__archspec`` that is its build string."""
    if name == "__archspec":
        return constraint.rpartition(" ")[2].strip("*") if " " in constraint else ""
    clauses = (
        _LOWER_BOUND.fullmatch(clause.strip()) or _LOWER_BOUND.match(clause)
        for clause in constraint.split(",")
    )
    versions = [match[1].rstrip(".") for match in clauses if match]
    return versions[0] if versions else ""


def _knows(packages: PackageSet, fact: str) -> bool:
    return any(getattr(package, fact) for package in packages.values())
