"""Rules about GPUs: is CUDA asked for, in one version, from where it can be had, and will the driver run it?"""

from conda_lockstep.lint.rules.gpu import variant, toolkit, torch, libraries  # isort: skip

__all__ = ["libraries", "toolkit", "torch", "variant"]
