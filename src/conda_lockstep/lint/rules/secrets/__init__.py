"""Rules about what must not be in a file that is shared: passwords, tokens, keys. None is ever printed."""

from conda_lockstep.lint.targets.target import TargetKind

ORDER = 60
TARGETS: tuple[TargetKind, ...] = ("environment", "requirements")
