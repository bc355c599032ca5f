"""Rules about locks: is there one, does it still fit its file, and is it what was written?"""

ORDER = 70
TARGETS = ("environment", "lock")
