"""What selects the CUDA build of a framework, by channel and release: ``data/cuda-builds.txt``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.bounds import Bounds, Release, both, release_of
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


@lru_cache(maxsize=1024)
def cuda_builds(source: str, framework: str, allowed: Bounds | None = None) -> CudaBuilds | None:
    """Return how a framework's CUDA builds are selected in the newest release that a range allows.

    None for a source that has no such release, or is not in the table.
    """
    rows = _rows().get((source, framework), ())
    if len(rows) == 1 and rows[0].releases == _ANY:
        return rows[0]
    about = (row for row in reversed(rows) if not both(row.releases, allowed or Bounds()).is_empty)
    return next(about, None)


@cache
def selectors_elsewhere(framework: str, here: tuple[str, ...]) -> tuple[str, ...]:
    """Return the packages that select a framework's CUDA build in other channels or releases, and not here."""
    found = (row.selectors for (_, name), rows in _rows().items() if name == framework for row in rows)
    return tuple(sorted({name for names in found for name in names}.difference(here)))


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


_ANY = Bounds(None, True, None, False)


def _release(text: str) -> Release | None:
    return release_of(text) if text else None
