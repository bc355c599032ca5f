"""The rule about suppressions; :mod:`apply_suppressions` makes its findings once all other rules have run."""

from __future__ import annotations

from conda_lockstep.lint.engine.registry import declare

declare(
    __name__,
    "unused-suppression",
    "warning",
    "A ``# lockstep: ignore=`` comment suppresses nothing: it may hide a later finding, or never worked.",
    ("environment", "requirements", "installs"),
)
