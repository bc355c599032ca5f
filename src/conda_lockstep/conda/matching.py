"""Matches packages against the match specs that nearly all packages and people write, without the solver.

Importing rattler takes longer than checking a lock of a thousand packages. A spec that is matched here means the same
to rattler, which the tests hold; any other spelling is left to rattler.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from conda_lockstep.conda.match_spec import NOWHERE, BadSpec, Clause, CondaSpec, parse_conda
from conda_lockstep.conda.version import compare_conda

_SERIES = r"\d+(?:\.\d+)*"
_VERSION = re.compile(rf"{_SERIES}\.?\*|(?:\d+!)?\d[a-z0-9]*(?:\.[a-z0-9]+)*")
"""The versions that are read here; rattler reads others, too."""
_IS_SERIES = re.compile(_SERIES)
_USUAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*[ =<>!~,|*.A-Za-z0-9_]*")
_BUILD = re.compile(r"[A-Za-z0-9_.*]+")
_ORDERS = {">=": (0, 1), ">": (1,), "<=": (-1, 0), "<": (-1,), "==": (0,), "!=": (-1, 1)}


class Pattern(NamedTuple):
    """A match spec: a name, versions (one of ``choices``, all clauses of it) and a build; an empty part admits all.

    The clauses have no place. Their ``=`` is to be of a series (``1.2.*``), ``!=*`` not to be.
    """

    name: str
    choices: tuple[tuple[Clause, ...], ...] = ()
    build: str = ""

    def __str__(self) -> str:
        """In rattler's canonical form, equal for two spellings of one spec."""
        versions = "|".join(",".join(map(_written, choice)) for choice in self.choices)
        keys = (("version", versions or ("*" if self.build else "")), ("build", self.build))
        inside = ",".join(f'{key}="{value}"' for key, value in keys if value)
        return f"{self.name}[{inside}]" if inside else self.name

    def matches(self, version: str, build: str) -> bool:
        """Return whether a package of that name fits."""
        return (not self.build or is_like(build, self.build)) and self.admits(version)

    def admits(self, version: str) -> bool:
        """Return whether a version is within one of the choices."""
        if not self.choices:
            return True
        return any(all(_admits(clause, version) for clause in choice) for choice in self.choices)


@lru_cache(maxsize=1 << 16)
def read(text: str) -> Pattern | None:
    """Read a match spec except for its channel in brackets; None for an unusual or invalid one."""
    if _USUAL.fullmatch(text) is None and not text.endswith("]"):
        return None
    spec = parse_conda(text)
    if isinstance(spec, BadSpec) or (spec.brackets and not _is_canonical(spec)):
        return None
    build = spec.build
    if build and not _has_usual_build(spec):
        return None
    if spec.version in ("", "*", "=*"):
        return Pattern(spec.name, (), "" if build == "*" else build)
    alone = len(spec.clauses) == 1
    clauses: list[Clause] = []
    for clause in spec.clauses:
        normal = _normal(clause, first=not clauses, alone=alone, built=build != "")
        if normal is None:
            return None
        clauses.append(normal)
    return Pattern(spec.name, _choices(clauses, spec.version), "" if build == "*" else build)


def _is_canonical(spec: CondaSpec) -> bool:
    """Return whether brackets are those of rattler's canonical form: ``name[version="…",build="…",channel="…"]``."""
    keys = {key for key, _ in spec.brackets}
    return (
        keys <= {"version", "build", "channel"}
        and _USUAL.fullmatch(f"{spec.name} {spec.version}") is not None
        and spec.text.startswith("[", spec.name_at[1])
    )


def _has_usual_build(spec: CondaSpec) -> bool:
    """Return whether a build is in usual letters, and after a blank, or after one ``=`` and a single comparison."""
    if _BUILD.fullmatch(spec.build) is None or "**" in spec.build:
        return False
    between = spec.text[spec.version_at[1] : spec.build_at[0]]
    return between == "" or between.isspace() or (between == "=" and len(spec.clauses) == 1)


def _choices(clauses: list[Clause], version: str) -> tuple[tuple[Clause, ...], ...]:
    """Return the clauses of an expression, those between two ``|`` together."""
    if "|" not in version:
        return (tuple(clauses),)
    left = iter(clauses)
    return tuple(tuple(islice(left, choice.count(",") + 1)) for choice in version.split("|"))


def is_like(build: str, pattern: str) -> bool:
    """Return whether a build matches a pattern, in which ``*`` stands for any text."""
    if "*" not in pattern:
        return build == pattern
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), build) is not None


def _normal(clause: Clause, *, first: bool, alone: bool, built: bool) -> Clause | None:
    """Return a comparison without its place; its position and a build after it change what some mean."""
    operator, version, _ = clause
    if version == "*" or _VERSION.fullmatch(version) is None:
        return None
    if version.endswith("*"):
        known = _OF_SERIES.get(operator) or ("=" if operator == "==" and first and not built else "")
        return Clause(known, version.rstrip(".*"), NOWHERE) if known else None
    if operator == "~=":
        return (
            Clause(operator, version, NOWHERE) if "." in version and _IS_SERIES.fullmatch(version) else None
        )
    if operator == "=" and built:
        return Clause("==", version, NOWHERE) if alone else None
    if operator == "=":
        return Clause(operator, version, NOWHERE) if _IS_SERIES.fullmatch(version) else None
    return Clause(operator or "==", version, NOWHERE)


_OF_SERIES = {"": "=", "=": "=", "!=": "!=*", ">=": ">=", "<": "<"}


def _written(clause: Clause) -> str:
    """Return a clause as rattler writes it."""
    if clause.op in ("=", "!=*"):
        return f"{clause.op[:-1]}{clause.version}.*"
    return f"{clause.op}{clause.version}"


def _admits(clause: Clause, version: str) -> bool:
    """Return whether a version is within a clause."""
    if clause.op in ("=", "!=*"):
        return _is_of_series(version, clause.version) == (clause.op == "=")
    order = compare_conda(clause.version, version)
    if clause.op == "~=":
        return order >= 0 and _is_of_series(version, clause.version.rpartition(".")[0])
    return order in _ORDERS[clause.op]


def _is_of_series(version: str, series: str) -> bool:
    """Return whether a version is of a series of numbers: 12.4, 12rc1 and 12+cu1 are of 12."""
    epoch, _, release = version.rpartition("!")
    numbers = re.match(_SERIES, release)
    if epoch.strip("0") or not numbers:
        return False
    own = numbers.group().split(".")[: series.count(".") + 1]
    return compare_conda(series, ".".join(own)) == 0
