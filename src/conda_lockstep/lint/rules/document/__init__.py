"""Rules about the file itself: is it what conda reads, and does every tool read it alike?"""

ORDER = 10
TARGETS = ("environment",)
