"""Rules about the comments that suppress findings."""

ORDER = 90
TARGETS = ("environment", "requirements", "installs")
