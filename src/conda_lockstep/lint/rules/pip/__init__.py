"""Rules about the ``pip:`` section: what pip installs on top of conda, from where, and how exactly."""

from conda_lockstep.lint.rules.pip import managers, section, requirements, sources  # isort: skip

__all__ = ["managers", "requirements", "section", "sources"]
