"""Match specs as nearly all packages and people write them, read and matched without the solver.

To import rattler takes longer than to check a lock of a thousand packages. What is read here means what it means there,
which the tests hold; what is written in any other way is not read here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from conda_lockstep.conda.version import compare_conda

_SERIES = r"\d+(?:\.\d+)*"
_VERSION = r"(?:\d+!)?\d[a-z0-9]*(?:\.[a-z0-9]+)*"
_CLAUSE = rf"(?:(?:>=|<=|==|!=|~=|>|<|=)\s*)?(?:{_SERIES}\.?\*|{_VERSION})"
_CLAUSES = rf"=?\*|{_CLAUSE}(?:\s*[,|]\s*{_CLAUSE})*"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(?![A-Za-z0-9_.\-*])"
_SPEC = re.compile(rf"({_NAME})\s*(?:({_CLAUSES})(?:(\s+|=)([A-Za-z0-9_.*]+))?)?")
_CANONICAL = re.compile(rf'({_NAME})\[(?:version="([^"]*)")?,?(?:build="([^"]*)")?,?(?:channel="[^"]*")?\]')


class VersionClause(NamedTuple):
    """One comparison with a version. ``=`` is to be of its series (``1.2.*``), ``!=*`` not to be."""

    op: str
    version: str

    def __str__(self) -> str:
        """As rattler writes it."""
        if self.op in ("=", "!=*"):
            return f"{self.op[:-1]}{self.version}.*"
        return f"{self.op}{self.version}"

    def admits(self, version: str) -> bool:
        """Say whether a version is within it."""
        if self.op in ("=", "!=*"):
            return _is_of_series(version, self.version) == (self.op == "=")
        order = compare_conda(self.version, version)
        if self.op == "~=":
            return order >= 0 and _is_of_series(version, self.version.rpartition(".")[0])
        return order in _ORDERS[self.op]


_ORDERS = {">=": (0, 1), ">": (1,), "<=": (-1, 0), "<": (-1,), "==": (0,), "!=": (-1, 1)}


class Pattern(NamedTuple):
    """A match spec: a name, versions (one of ``choices``, all clauses of it) and a build; what is empty admits all."""

    name: str
    choices: tuple[tuple[VersionClause, ...], ...] = ()
    build: str = ""

    def __str__(self) -> str:
        """In rattler's canonical form, equal for two spellings of one wish."""
        versions = "|".join(",".join(map(str, choice)) for choice in self.choices)
        keys = (("version", versions or ("*" if self.build else "")), ("build", self.build))
        inside = ",".join(f'{key}="{value}"' for key, value in keys if value)
        return f"{self.name}[{inside}]" if inside else self.name

    def matches(self, version: str, build: str) -> bool:
        """Say whether a package of that name fits."""
        return (not self.build or is_like(build, self.build)) and self.admits(version)

    def admits(self, version: str) -> bool:
        """Say whether a version is within one of the choices."""
        if not self.choices:
            return True
        return any(all(clause.admits(version) for clause in choice) for choice in self.choices)


@lru_cache(maxsize=1 << 16)
def read(text: str) -> Pattern | None:
    """Read a match spec but for its channel; None for what is written in another way, or is none."""
    if text.endswith("]"):
        canonical = _CANONICAL.fullmatch(text)
        return read(" ".join(canonical.groups(default="*"))) if canonical else None
    spec = _SPEC.fullmatch(text.strip())
    if spec is None or "**" in text:
        return None
    name, versions, separator, build = spec.groups(default="")
    if versions in ("", "*", "=*"):
        return Pattern(name.lower(), (), "" if build == "*" else build)
    texts = [choice.split(",") for choice in versions.split("|")]
    alone = len(texts) == 1 and len(texts[0]) == 1
    if separator == "=" and not alone:
        return None
    choices: list[tuple[VersionClause, ...]] = []
    for choice in texts:
        clauses: list[VersionClause] = []
        for text in choice:
            clause = _clause(text.strip(), first=not (choices or clauses), alone=alone, built=build != "")
            if clause is None:
                return None
            clauses.append(clause)
        choices.append(tuple(clauses))
    return Pattern(name.lower(), tuple(choices), "" if build == "*" else build)


def is_like(build: str, pattern: str) -> bool:
    """Say whether a build is a pattern's, in which ``*`` stands for any text."""
    if "*" not in pattern:
        return build == pattern
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), build) is not None


def _clause(text: str, *, first: bool, alone: bool, built: bool) -> VersionClause | None:
    """Read one comparison; where it stands, and whether a build stands behind it, changes what some mean."""
    version = text.lstrip("><=!~ ")
    operator = text[: len(text) - len(version)].rstrip()
    is_series = re.fullmatch(_SERIES, version) is not None
    if version.endswith("*"):
        known = {"": "=", "=": "=", "!=": "!=*", ">=": ">=", "<": "<"}
        if first and not built:
            known["=="] = "="
        return VersionClause(known[operator], version.rstrip(".*")) if operator in known else None
    if operator == "~=":
        return VersionClause(operator, version) if is_series and "." in version else None
    if operator == "=" and built:
        return VersionClause("==", version) if alone else None
    if operator == "=":
        return VersionClause(operator, version) if is_series else None
    return VersionClause(operator or "==", version)


def _is_of_series(version: str, series: str) -> bool:
    """Say whether a version is of a series of numbers: 12.4, 12rc1 and 12+cu1 are of 12."""
    epoch, _, release = version.rpartition("!")
    numbers = re.match(_SERIES, release)
    if epoch.strip("0") or not numbers:
        return False
    own = numbers.group().split(".")[: series.count(".") + 1]
    return compare_conda(series, ".".join(own)) == 0
