"""Rules about versions: an entry must pin one, mean what was intended, and work on every machine."""

from conda_lockstep.lint.rules.pins import unpinned, operators, exports, ranges, style  # isort: skip

__all__ = ["exports", "operators", "ranges", "style", "unpinned"]
