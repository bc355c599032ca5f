"""Rules about Dockerfiles, scripts and workflows that install packages outside the environment file or its lock."""

from conda_lockstep.lint.rules.installs import outside, target, locked, prompts, pinned, image  # isort: skip

__all__ = ["image", "locked", "outside", "pinned", "prompts", "target"]
