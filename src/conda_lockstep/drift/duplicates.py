"""Finds libraries that come twice: a second NCCL or CUDA runtime in one environment."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import translate
from functools import cache, lru_cache
from typing import NamedTuple

from conda_lockstep.data import table
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.packages import Key, Package, PackageSet


class DuplicateLibrary(NamedTuple):
    """A library of which one process must load one copy; ``why`` is what happens with two."""

    name: str
    severity: Severity
    why: str


def library_of(package: Package) -> DuplicateLibrary | None:
    """Return the library of ``data/duplicate-libraries.txt`` that a package installs, None for all others."""
    return _library(package.key)


def duplicates(old: PackageSet, new: PackageSet) -> frozenset[Key]:
    """Return the packages that install a library beside another package on one side only."""
    return duplicated(old) ^ duplicated(new)


def duplicated(packages: PackageSet) -> frozenset[Key]:
    """Return the packages that install a library beside another package."""
    found: dict[DuplicateLibrary, list[Key]] = defaultdict(list)
    for key in packages:
        # No other names contain these digraphs, and looking up each would take as long as comparing them.
        if ("cu" in key[1] or "ccl" in key[1]) and (library := _library(key)):
            found[library].append(key)
    return frozenset(key for keys in found.values() if len(keys) > 1 for key in keys)


@lru_cache(maxsize=1 << 12)
def _library(key: Key) -> DuplicateLibrary | None:
    match = _names().match(_text(key))
    return _libraries()[int(match.lastgroup[1:])] if match and match.lastgroup else None


def _text(key: Key) -> str:
    return f"{key[0]} {key[1].lower().replace('_', '-')}"


@cache
def _libraries() -> tuple[DuplicateLibrary, ...]:
    known: dict[str, Severity] = {each: each for each in SEVERITIES}
    return tuple(
        DuplicateLibrary(name, known[severity], why)
        for name, severity, _, _, why in table("duplicate-libraries")
    )


@cache
def _names() -> re.Pattern[str]:
    rows = table("duplicate-libraries")
    patterns = (
        "|".join(translate(f"{manager} {name.strip()}") for name in names.split(","))
        for _, _, manager, names, _ in rows
    )
    return re.compile("|".join(f"(?P<_{number}>{pattern})" for number, pattern in enumerate(patterns)))
