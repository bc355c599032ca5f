"""Converts dependencies between a record's match specs and the ``name: constraint`` pairs of CEP 37."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conda_lockstep.packages import Manager

ANY = "*"
NAME = r"[^\s=<>!~\[\]()@;,|]+"
"""A pattern of the text that conda takes for a name."""

_START = re.compile(rf"\s*(?:[^\s\[]+::)?({NAME})\s*")


@lru_cache(maxsize=1 << 14)
def split(spec: str) -> tuple[str, str]:
    """Split ``numpy >=1.20,<2`` into name and constraint; without one that is ``*``."""
    match = _START.match(spec)
    if match is None:
        return spec.strip(), ANY
    return match[1], spec[match.end() :].strip() or ANY


@lru_cache(maxsize=1 << 14)
def join(manager: Manager, name: str, constraint: str) -> str:
    """Undo :func:`split`. Poetry's notation, which conda-lock writes for pip, becomes PEP 508 where it can."""
    constraint = constraint.strip()
    if constraint in ("", ANY):
        return name
    if manager == "pip":
        if "|" in constraint:
            return name
        if constraint[0].isdigit():
            return f"{name}=={constraint}"
    return f"{name}{constraint}" if constraint[0] in "[=;" else f"{name} {constraint}"


def constraints(specs: Iterable[str]) -> dict[str, str]:
    """Return one constraint per name. Several version constraints on one name are joined by a comma.

    Of constraints that are more than a version (a build string, brackets) the first is kept: the
    format has room for one.
    """
    found: dict[str, list[str]] = {}
    for spec in specs:
        name, constraint = split(spec)
        known = found.setdefault(name, [])
        if constraint not in known:
            known.append(constraint)
    return {name: _joined(known) for name, known in found.items()}


def _joined(constraints: list[str]) -> str:
    bounds = [constraint for constraint in constraints if constraint != ANY]
    if len(bounds) < 2:
        return bounds[0] if bounds else ANY
    rich = [bound for bound in bounds if " " in bound or bound[0] in "[=;"]
    return rich[0] if rich else ",".join(f"({bound})" if "|" in bound else bound for bound in bounds)
