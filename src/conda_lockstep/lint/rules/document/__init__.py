"""Rules about the file itself: conda must accept it, and every tool must read it the same way."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 10
TARGETS: tuple[TargetKind, ...] = ("environment",)
