"""Rules about versions: an entry must pin one, mean what was intended, and work on every machine."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 30
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements")
