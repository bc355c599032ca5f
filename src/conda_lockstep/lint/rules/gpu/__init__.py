"""Rules about GPUs: CUDA builds, one CUDA version, channels that have it, and drivers that run it."""

from conda_lockstep.lint.rules.gpu import variant, toolkit, torch, libraries  # isort: skip

__all__ = ["libraries", "toolkit", "torch", "variant"]
