"""Rules about versions: does an entry say which one, does it say what was meant, does it hold on every machine?"""

from conda_lockstep.lint.rules.pins import unpinned, operators, exports, ranges, style  # isort: skip

__all__ = ["exports", "operators", "ranges", "style", "unpinned"]
