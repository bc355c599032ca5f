"""Rules about the ``pip:`` section: what pip installs on top of conda, its source, and its version."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 40
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements")
