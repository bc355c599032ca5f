"""Rules about locks: is there one, does it still fit its file, and is it what was written?"""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 70
TARGETS: tuple[TargetKind, ...] = ("environment", "lock")
