"""The hardware envelope: the bounds of a set of packages on the machine, folded over depends and constrains.

A lock keeps it, because the format has no room for constrains: ``cuda-version`` bounds the driver there alone. Standard
library only: nodes ask whether a lock fits them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache
from typing import NamedTuple

from conda_lockstep.conda.dependencies import ANY, split
from conda_lockstep.conda.matching import is_like, read
from conda_lockstep.conda.version import compare_conda
from conda_lockstep.packages import Package

X86_64_LEVELS = ("x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4")
"""The levels of the x86-64 psABI: each runs what was built for those before it."""

_BOUND = re.compile(r"(>=|>|<=|<)\s*([A-Za-z0-9_.!+]+)")
_LOWER_BOUND = re.compile(r"(?:>=|>|==|=|~=)?\s*(\d[^,|*\s]*)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Constraints by virtual package: ``__cuda`` -> ``>=12.0,<13``; ``*`` where it only has to be there.

    What is in ``needs`` must be there; what is in ``allows`` may be missing, and must fit if it is there.
    """

    needs: Mapping[str, str]
    allows: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bound:
    """The highest lower bound on one virtual package, and the packages that have it.

    ``version`` is empty where the virtual package only has to be there.
    """

    version: str
    packages: tuple[str, ...]


class _MachineBound(NamedTuple):
    """The bound of one package on one virtual package; ``needed`` where it depends on it."""

    name: str
    constraint: str
    package: str
    needed: bool


def envelope(packages: Iterable[Package]) -> Envelope:
    """Return the bounds of packages on the machine, the tightest of all of them."""
    constraints: dict[str, set[str]] = {}
    needed: set[str] = set()
    for bound in _machine_bounds(packages):
        constraints.setdefault(bound.name, set()).add(bound.constraint)
        if bound.needed:
            needed.add(bound.name)
    folded = {name: _fold(each) for name, each in sorted(constraints.items())}
    return Envelope(
        needs={name: constraint for name, constraint in folded.items() if name in needed},
        allows={name: constraint for name, constraint in folded.items() if name not in needed},
    )


def lower_bounds(packages: Iterable[Package], *, constrains: bool = True) -> Mapping[str, Bound]:
    """Return the lower bounds on ``__cuda``, ``__glibc`` and so on, by name.

    ``constrains`` count as well: conda-forge's ``cuda-version`` bounds the driver there alone.
    """
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for bound in _machine_bounds(packages):
        if not (bound.needed or constrains):
            continue
        version = _lower_bound(bound.name, bound.constraint)
        highest, requirers = found.get(bound.name, ("", None))
        order = 1 if requirers is None else 0 if version == highest else compare_conda(highest, version)
        if requirers is None or order > 0:
            found[bound.name] = version, {bound.package: None}
        elif order == 0:
            requirers[bound.package] = None
    return {name: Bound(version, tuple(requirers)) for name, (version, requirers) in found.items()}


def admits(constraint: str, version: str, build: str = "0") -> bool:
    """Return whether a virtual package is within a constraint as packages write them; ``*`` admits any.

    A processor of a higher x86-64 level runs what was built for a lower one. What is no such constraint admits all.
    """
    pattern = read(f"machine {constraint}")
    if pattern is None:
        return True
    return pattern.admits(version) and (not pattern.build or _runs(build, pattern.build))


def is_as_tight(recorded: str, constraint: str) -> bool:
    """Return whether a recorded constraint rules out all that another one does, as far as plain bounds tell.

    What is not a plain bound must be recorded as it is.
    """
    known = {recorded, *recorded.split(",")}
    if constraint == ANY or constraint in known:
        return True
    parts = {constraint} if "|" in constraint or " " in constraint else set(constraint.split(","))
    return all(part in known or _fold([recorded, part]) == _fold([recorded]) for part in parts)


def to_text(constraints: Mapping[str, str]) -> str:
    """Write constraints as a lock keeps them: ``__cuda >=12.0; __linux``."""
    return "; ".join(f"{name} {text}".removesuffix(f" {ANY}") for name, text in sorted(constraints.items()))


def from_text(text: str) -> dict[str, str]:
    """Undo :func:`to_text`."""
    return dict(split(part) for part in text.split("; ") if part)


def _machine_bounds(packages: Iterable[Package]) -> Iterator[_MachineBound]:
    for package in packages:
        for spec in package.depends:
            if spec[:2] == "__":
                yield _MachineBound(*split(spec), package.name, True)
        for spec in package.constrains:
            if spec[:2] == "__":
                yield _MachineBound(*split(spec), package.name, False)


def _fold(constraints: Iterable[str]) -> str:
    """Keep the highest lower and the lowest upper bound; what is no plain bound is kept as it is."""
    lower: list[tuple[str, bool, str]] = []
    upper: list[tuple[str, bool, str]] = []
    others: set[str] = set()
    for constraint in constraints:
        for clause in [constraint] if "|" in constraint or " " in constraint else constraint.split(","):
            bound = _BOUND.fullmatch(clause)
            if bound is None:
                others.add(clause)
                continue
            # Of two bounds at one version, the one without '=' is tighter: it comes last below, first above.
            is_lower, inclusive = bound[1][0] == ">", len(bound[1]) == 2
            (lower if is_lower else upper).append((bound[2], inclusive != is_lower, clause))
    tightest = [max(lower, key=_by_version)[2]] if lower else []
    tightest += [min(upper, key=_by_version)[2]] if upper else []
    return ",".join([*sorted(others - {ANY}), *tightest]) or ANY


def _order(one: tuple[str, bool, str], other: tuple[str, bool, str]) -> int:
    return compare_conda(other[0], one[0]) or (one[1] > other[1]) - (one[1] < other[1])


_by_version = cmp_to_key(_order)


@lru_cache(maxsize=1 << 12)
def _lower_bound(name: str, constraint: str) -> str:
    """Return the lowest version that a constraint admits; for ``__archspec`` that is its build string."""
    if name == "__archspec":
        return constraint.rpartition(" ")[2].strip("*") if " " in constraint else ""
    clauses = (
        _LOWER_BOUND.fullmatch(clause.strip()) or _LOWER_BOUND.match(clause)
        for clause in constraint.split(",")
    )
    versions = [match[1].rstrip(".") for match in clauses if match]
    return versions[0] if versions else ""


def _runs(build: str, wanted: str) -> bool:
    if build in X86_64_LEVELS and wanted in X86_64_LEVELS:
        return X86_64_LEVELS.index(build) >= X86_64_LEVELS.index(wanted)
    return is_like(build, wanted)
