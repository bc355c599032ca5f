"""Rules about Dockerfiles, scripts and workflows: do they install what the environment file says, and no more?"""

from conda_lockstep.lint.rules.installs import outside, target, locked, prompts, pinned, image  # isort: skip

__all__ = ["image", "locked", "outside", "pinned", "prompts", "target"]
