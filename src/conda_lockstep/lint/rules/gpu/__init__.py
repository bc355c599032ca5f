"""Rules about GPUs: is CUDA asked for, in one version, from where it can be had, and will the driver run it?"""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 50
TARGETS: tuple[TargetKind, ...] = ("environment",)
