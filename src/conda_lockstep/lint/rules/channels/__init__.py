"""Rules about channels: which ones, in which order, and whether all machines use the same."""

from conda_lockstep.lint.rules.channels import named, order, origin, trust  # isort: skip

__all__ = ["named", "order", "origin", "trust"]
