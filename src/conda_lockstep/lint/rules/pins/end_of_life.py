"""Is the pinned Python still maintained?"""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import bounds
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Problem, rule


@rule("end-of-life-python", "warning", requires=("versioned",))
def end_of_life_python(entries: Entries, config: Config) -> Iterator[Problem]:
    """No Python version that the entry allows gets security fixes any more."""
    for entry in entries.named("python")[:1]:
        from conda_lockstep.conda.python_releases import newest_release, oldest_supported

        allowed = bounds(entry.spec)
        newest = newest_release(allowed) if allowed else None
        if newest is None or newest.last_day >= config.date:
            continue
        supported = oldest_supported(config.date)
        yield Problem(
            entry.item.span,
            f"Python {newest.name} reached its end of life on {newest.last_day}",
            f"pin a supported version: 'python={supported.name}' or later"
            if supported
            else "pin a supported version",
        )
