"""Rules about versions: an entry must pin one, mean what was intended, and work on every machine."""

ORDER = 30
TARGETS = ("environment", "requirements")
