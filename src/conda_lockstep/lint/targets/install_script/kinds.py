"""The kinds of files that install packages, by their names."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["dockerfile", "shell", "workflow", "commands"]
"""``commands`` is the YAML of another CI system, or of Kubernetes."""

_OTHERS = r"(?![^/]*\.(?:dockerignore|containerignore|md|rst|txt|py|ya?ml|json)$)"
_DOCKERFILES = rf"(?:[^/]*[._-])?(?:docker|container)file{_OTHERS}[^/]*$"
_SCRIPTS = r"[^/]+\.(?:sh|bash|sbatch|slurm)$"
_WORKFLOWS = r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml$|(?:.*/)?action\.ya?ml$"
_CI = (
    r"(?:.*/)?(?:[^/]*\.gitlab-ci(?:[-.][^/]*)?|[^/]*azure-pipelines?[^/]*|\.travis|bitbucket-pipelines|\.drone"
    r"|\.woodpecker|cloudbuild[^/]*|buildspec[^/]*|\.?appveyor|\.cirrus|\.?readthedocs"
    r"|\.(?:circleci|buildkite|woodpecker|gitlab/ci)/[^/]+)\.ya?ml$"
)

FILES = rf"(?i)^(?:{_WORKFLOWS}|(?:.*/)?(?:{_DOCKERFILES}|{_SCRIPTS}))"
"""Paths of Dockerfiles, shell scripts, workflows and actions, with ``/``."""
ALL_FILES = rf"{FILES}|(?i:\.ya?ml$)"
"""What the hooks of scripts are given: these, and YAML, of which :func:`kind_of` and ``kubernetes.py`` tell more."""


def kind_of(path: str) -> Kind | None:
    """Return the kind of a file by its path, with ``/``; None if it is not an install script."""
    if re.match(rf"(?i)(?:{_WORKFLOWS})", path):
        return "workflow"
    if re.match(rf"(?i)(?:.*/)?{_SCRIPTS}", path):
        return "shell"
    if re.match(rf"(?i){_CI}", path):
        return "commands"
    return "dockerfile" if re.match(rf"(?i)(?:.*/)?{_DOCKERFILES}", path) else None
