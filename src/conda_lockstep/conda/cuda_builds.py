"""What selects the CUDA build of a framework, by channel and release: ``data/cuda-builds.txt``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.bounds import Bounds, both
from conda_lockstep.data import table

PYPI = "pypi"

Unselected: TypeAlias = Literal["driver", "either", "cpu"]
"""What is installed if nothing selects a build: CUDA where a driver is visible; one or the other; the CPU build."""


class CudaBuilds(NamedTuple):
    """A row of ``data/cuda-builds.txt``: how one source's CUDA builds of a framework are selected.

    ``source`` is the base name of a conda channel, or :data:`PYPI`. ``releases`` are those that the row is about.
    ``selectors`` are packages that select the CUDA build. ``request`` is a pattern of conda builds or a pip entry, with
    ``cuCUDA`` and ``cudaMAJOR`` for its version. ``libraries`` is the channel that has the libraries of the CUDA build,
    empty if it is its own.
    """

    source: str
    framework: str
    releases: Bounds
    selectors: tuple[str, ...]
    request: str
    unselected: Unselected
    libraries: str


def cuda_builds(source: str, framework: str, allowed: Bounds | None = None) -> CudaBuilds | None:
    """Return how a framework's CUDA builds are selected in the newest release that a range allows.

    None for a source that has no such release, or is not in the table.
    """
    rows = _rows().get((source, framework), ())
    about = (row for row in reversed(rows) if not both(row.releases, allowed or Bounds()).is_empty)
    return next(about, None)


def is_known_source(source: str, framework: str) -> bool:
    """Return whether the table says anything about a framework's builds in a channel."""
    return (source, framework) in _rows()


@cache
def selectors_of(framework: str) -> frozenset[str]:
    """Return the packages that select a framework's CUDA build in some channel or release."""
    found = (row.selectors for (_, name), rows in _rows().items() if name == framework for row in rows)
    return frozenset(name for names in found for name in names)


@cache
def _rows() -> Mapping[tuple[str, str], Sequence[CudaBuilds]]:
    found: dict[tuple[str, str], list[CudaBuilds]] = {}
    unselected: dict[str, Unselected] = {"driver": "driver", "either": "either", "cpu": "cpu"}
    for source, framework, since, before, selectors, request, otherwise, libraries in table("cuda-builds"):
        releases = Bounds(_release(since), True, _release(before), False)
        names = tuple(selectors.split(",")) if selectors else ()
        row = CudaBuilds(source, framework, releases, names, request, unselected[otherwise], libraries)
        found.setdefault((source, framework), []).append(row)
    return found


def _release(text: str) -> tuple[int, ...] | None:
    return tuple(int(part) for part in text.split(".")) if text else None
