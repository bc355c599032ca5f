"""Rules about the file itself: conda must accept it, and every tool must read it the same way."""

from conda_lockstep.lint.rules.document import file, keys, entries, scalars, comments, names  # isort: skip

__all__ = ["comments", "entries", "file", "keys", "names", "scalars"]
