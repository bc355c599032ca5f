"""Rules about the file itself: conda must accept it, and every tool must read it the same way."""

ORDER = 10
TARGETS = ("environment",)
