"""Rules about the ``pip:`` section: what pip installs on top of conda, from where, and how exactly."""

ORDER = 40
TARGETS = ("environment", "requirements")
