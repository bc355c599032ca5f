"""Rules about locks: missing, stale, edited or incomplete locks."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 70
TARGETS: tuple[TargetKind, ...] = ("environment", "lock")
