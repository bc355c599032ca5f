"""Rules about the comments that silence rules."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 90
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements", "installs")
