"""Rules about channels: which ones, in which order, and whether all machines use the same."""

ORDER = 20
TARGETS = ("environment",)
