"""Rules about GPUs: is CUDA asked for, in one version, from where it can be had, and will the driver run it?"""

ORDER = 50
TARGETS = ("environment",)
