"""Rules about GPUs: CUDA builds, one CUDA version, channels that have it, and drivers that run it."""

ORDER = 50
TARGETS = ("environment",)
