"""Rules about the ``pip:`` section: what pip installs on top of conda, its source, and its version."""

from conda_lockstep.lint.rules.pip import managers, section, requirements, sources  # isort: skip

__all__ = ["managers", "requirements", "section", "sources"]
