"""Rules about Dockerfiles, scripts and workflows: do they install what the environment file says, and no more?"""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 80
TARGETS: tuple[TargetKind, ...] = ("installs",)
