"""The modules that several PyPI projects install, by ``data/modules.txt``: side by side, one overwrites the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from conda_lockstep.data import table


def modules_of(project: str) -> tuple[str, ...]:
    """Return the modules that a PyPI project (normalised name) has in common with other projects."""
    return _by_project().get(project, ())


@cache
def _by_project() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for module, projects in table("modules"):
        for project in projects.split():
            found[project] += (module,)
    return dict(found)
