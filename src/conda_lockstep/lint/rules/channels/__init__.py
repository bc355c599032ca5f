"""Rules about where packages come from: which channels, in which order, and whether all machines see the same."""

ORDER = 20
TARGETS = ("environment",)
