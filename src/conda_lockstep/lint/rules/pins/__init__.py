"""Rules about versions: does an entry say which one, does it say what was meant, does it hold on every machine?"""

ORDER = 30
TARGETS = ("environment", "requirements")
