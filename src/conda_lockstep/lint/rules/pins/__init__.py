"""Rules about versions: does an entry say which one, does it say what was meant, does it hold on every machine?"""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 30
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements")
