"""Rules about the ``pip:`` section: what pip installs on top of conda, its source, and its version."""

ORDER = 40
TARGETS = ("environment", "requirements")
