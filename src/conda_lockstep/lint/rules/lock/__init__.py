"""Rules about locks: is there one, does it still fit its file, and is it what was written?"""

from conda_lockstep.lint.rules.lock import stale, text  # isort: skip

__all__ = ["stale", "text"]
