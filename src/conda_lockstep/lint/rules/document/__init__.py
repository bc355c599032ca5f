"""Rules about the file itself: is it what conda reads, and does every tool read it alike?"""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 10
TARGETS: tuple[TargetKind, ...] = ("environment",)
