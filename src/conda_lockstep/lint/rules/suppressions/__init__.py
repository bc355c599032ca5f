"""Rules about the comments that silence rules."""

ORDER = 90
TARGETS = ("environment", "requirements", "installs")
