"""The hardware envelope: what a set of packages asks of the machine, folded over depends and constrains.

A lock keeps it, because the format has no room for constrains: ``cuda-version`` bounds the driver there alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_lockstep.lock.dependencies import ANY, split
from conda_lockstep.packages import Package

if TYPE_CHECKING:
    from rattler import Version

_BOUND = re.compile(r"(>=|>|<=|<)\s*([A-Za-z0-9_.!+]+)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Constraints by virtual package: ``__cuda`` -> ``>=12.0,<13``; ``*`` where it only has to be there.

    What is in ``needs`` must be there; what is in ``allows`` may be missing, and must fit if it is there.
    """

    needs: Mapping[str, str]
    allows: Mapping[str, str]


def envelope(packages: Iterable[Package]) -> Envelope:
    """Return what packages ask of the machine, the tightest bounds of all of them."""
    asked: dict[str, set[str]] = {}
    needed: set[str] = set()
    for package in packages:
        for spec in package.depends:
            if spec.startswith("__"):
                name, constraint = split(spec)
                needed.add(name)
                asked.setdefault(name, set()).add(constraint)
        for spec in package.constrains:
            if spec.startswith("__"):
                name, constraint = split(spec)
                asked.setdefault(name, set()).add(constraint)
    folded = {name: _fold(constraints) for name, constraints in sorted(asked.items())}
    return Envelope(
        needs={name: constraint for name, constraint in folded.items() if name in needed},
        allows={name: constraint for name, constraint in folded.items() if name not in needed},
    )


def to_text(constraints: Mapping[str, str]) -> str:
    """Write constraints as a lock keeps them: ``__cuda >=12.0; __linux``."""
    return "; ".join(f"{name} {text}".removesuffix(f" {ANY}") for name, text in sorted(constraints.items()))


def from_text(text: str) -> dict[str, str]:
    """Undo :func:`to_text`."""
    return dict(split(part) for part in text.split("; ") if part)


def _fold(constraints: Iterable[str]) -> str:
    """Keep the highest lower and the lowest upper bound; what is no plain bound is kept as it is."""
    from rattler import Version  # to read what a lock says needs no solver

    lower: list[tuple[Version, bool, str]] = []
    upper: list[tuple[Version, bool, str]] = []
    others: set[str] = set()
    for constraint in constraints:
        for clause in [constraint] if "|" in constraint or " " in constraint else constraint.split(","):
            bound = _BOUND.fullmatch(clause)
            if bound is None:
                others.add(clause)
                continue
            # Of two bounds at one version, the one without '=' is tighter: it comes last below, first above.
            is_lower, inclusive = bound[1][0] == ">", len(bound[1]) == 2
            (lower if is_lower else upper).append((Version(bound[2]), inclusive != is_lower, clause))
    tightest = [max(lower)[2]] if lower else []
    tightest += [min(upper)[2]] if upper else []
    return ",".join([*sorted(others - {ANY}), *tightest]) or ANY
