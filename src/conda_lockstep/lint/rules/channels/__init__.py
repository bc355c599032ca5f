"""Rules about where packages come from: which channels, in which order, and whether all machines see the same."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 20
TARGETS: tuple[TargetKind, ...] = ("environment",)
