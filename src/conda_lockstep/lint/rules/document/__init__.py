"""Rules about the file itself: is it what conda reads, and does every tool read it alike?"""

from conda_lockstep.lint.rules.document import file, keys, entries, scalars, comments, names  # isort: skip

__all__ = ["comments", "entries", "file", "keys", "names", "scalars"]
