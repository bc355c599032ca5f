"""Rules about GPUs: CUDA builds, one CUDA version, channels that have it, and drivers that run it."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 50
TARGETS: tuple[TargetKind, ...] = ("environment",)
