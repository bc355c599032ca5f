"""Rules about channels: which ones, in which order, and whether all machines use the same."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 20
TARGETS: tuple[TargetKind, ...] = ("environment",)
