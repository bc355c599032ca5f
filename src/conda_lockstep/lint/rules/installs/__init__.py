"""Rules about Dockerfiles, scripts and workflows that install packages outside the environment file or its lock."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 80
TARGETS: tuple[TargetKind, ...] = ("installs",)
