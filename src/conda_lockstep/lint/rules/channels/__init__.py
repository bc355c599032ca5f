"""Rules about where packages come from: which channels, in which order, and whether all machines see the same."""

from conda_lockstep.lint.rules.channels import named, order, origin, trust  # isort: skip

__all__ = ["named", "order", "origin", "trust"]
