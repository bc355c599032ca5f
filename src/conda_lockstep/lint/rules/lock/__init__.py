"""Rules about locks: missing, stale, edited or incomplete locks."""

ORDER = 70
TARGETS = ("environment", "lock")
