"""The layers of a training stack: their packages, and the severity of each step of a version: ``data/layers.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from conda_lockstep.conda.version import Step, release_numbers, step
from conda_lockstep.data import table
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.packages import Package

Numbering: TypeAlias = Literal["", "single", "series"]
"""What the numbers of a package's versions mean; ``data/layer-packages.txt`` explains the values."""

_STEPS: tuple[Step, ...] = ("major", "minor", "patch")
_SEVERITIES: dict[str, Severity] = {each: each for each in SEVERITIES}
_FIRST_NUMBERS: dict[Numbering, Step] = {"single": "minor", "series": "major"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a training stack: the severity of each change of its packages, and why it matters.

    ``upgrade`` and ``downgrade`` are those of a major, a minor and a patch release, ``build`` that of another build.
    ``differs`` is the least severity of a difference between machines, None for one worse than that of the change.
    """

    title: str
    upgrade: tuple[Severity, ...]
    downgrade: tuple[Severity, ...]
    build: Severity
    differs: Severity | None
    why: str
    why_differs: str

    def of(self, how_far: Step, *, is_downgrade: bool = False) -> Severity:
        """Return the severity of a step of a version."""
        return (self.downgrade if is_downgrade else self.upgrade)[_STEPS.index(how_far)]


def _layers() -> Iterator[Layer]:
    for title, upgrade, downgrade, build, differs, why, why_differs in table("layers"):
        yield Layer(
            title,
            tuple(_SEVERITIES[word] for word in upgrade.split()),
            tuple(_SEVERITIES[word] for word in downgrade.split()),
            _SEVERITIES[build],
            _SEVERITIES[differs] if differs else None,
            why,
            why_differs or why,
        )


STACK: tuple[Layer, ...] = tuple(_layers())
"""The layers from the bottom of the stack; the first that contains a name is its layer."""
OTHER = Layer("other", ("medium", "low", "info"), ("medium", "low", "info"), "low", None, "", "")


def layer_of(package: Package) -> Layer | None:
    """Return the layer of the stack that a package belongs to; None for all others."""
    return layer_named(package.name)


def layer_named(name: str) -> Layer | None:
    """Return the layer that packages of this name, conda's or PyPI's, belong to; None for all others."""
    return _row_of(name)[0]


def step_of(name: str, old: str, new: str) -> Step:
    """Return the step between two versions of a package: ``major`` where its project promises no compatibility.

    Below 1.0 a minor release of a package of a layer is a major one (https://semver.org, section 4).
    """
    how_far = step(old, new)
    if how_far == "patch":
        return how_far
    layer, numbering = _row_of(name)
    if layer is None:
        return "minor" if how_far == "major" and _spelled(name) in _unnumbered() else how_far
    before, after = release_numbers(old)[:1], release_numbers(new)[:1]
    if before != after:
        return _FIRST_NUMBERS.get(numbering, how_far)
    return "major" if how_far == "minor" and before == (0,) else how_far


@lru_cache(maxsize=1 << 14)
def _row_of(name: str) -> tuple[Layer | None, Numbering]:
    match = _NAMES.match(_spelled(name))
    if match is None or match.lastgroup is None:
        return None, ""
    place, numbering = _ROWS[int(match.lastgroup[1:])]
    return STACK[place], numbering


@cache
def _unnumbered() -> frozenset[str]:
    return frozenset(_spelled(name) for (name,) in table("numbering"))


def _spelled(name: str) -> str:
    return name.lower().replace("_", "-")


def _patterns() -> Iterator[tuple[str, int, Numbering]]:
    """Yield the pattern of each row of names, its layer's place in the stack and its numbering."""
    places = {layer.title: place for place, layer in enumerate(STACK)}
    numberings: dict[str, Numbering] = {"": "", "single": "single", "series": "series"}
    rows = [
        (places[title], names, numberings[numbering]) for title, names, numbering in table("layer-packages")
    ]
    for place, names, numbering in sorted(rows, key=lambda row: row[0]):
        yield "|".join(translate(name.strip()) for name in names.split(",")), place, numbering


_FOUND = tuple(_patterns())
_ROWS = tuple((place, numbering) for _, place, numbering in _FOUND)
_NAMES = re.compile("|".join(f"(?P<_{number}>{pattern})" for number, (pattern, *_) in enumerate(_FOUND)))
"""All names in one pattern; the first that matches wins."""
