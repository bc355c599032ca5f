"""Rules about the ``pip:`` section: what pip installs on top of conda, from where, and how exactly."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 40
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements")
