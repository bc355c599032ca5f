"""Rules about the comments that suppress findings."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Problem, rule


@rule("unused-suppression", "warning")
def unused_suppression(entries: Entries, config: Config) -> Iterator[Problem]:
    """A ``# lockstep: ignore=`` comment suppresses nothing: it may hide a later finding, or never worked."""
    # Said once all rules have spoken: see ``suppress.apply``.
    yield from ()
