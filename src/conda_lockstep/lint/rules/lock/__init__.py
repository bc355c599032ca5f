"""Rules about locks: missing, stale, edited or incomplete locks."""

from conda_lockstep.lint.rules.lock import stale, text  # isort: skip

__all__ = ["stale", "text"]
