"""Rules about what must not be in a file that is shared: passwords, tokens, keys. None is ever printed."""

ORDER = 60
TARGETS = ("environment", "requirements")
