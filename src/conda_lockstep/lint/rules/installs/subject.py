"""What the rules of this family look at, read once for all of them."""

from __future__ import annotations

import re

from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import ScriptStep
from conda_lockstep.text.source import Span

CONDA_IMAGES = re.compile(
    r"(?:.*/)?(?:continuumio/(?:mini|ana)conda\d?|condaforge/(?:miniforge\d?|mambaforge|linux-anvil.*)|"
    r"anaconda/miniconda|miniconda\d?|miniforge\d?)(?:[:@].*)?"
)
"""Images that have conda, with ``base`` on the path."""

MICROMAMBA_IMAGES = re.compile(r"(?:.*/)?(?:mambaorg|mamba-org)/micromamba(?:[:@].*)?")
"""Images of micromamba, whose ``base`` holds nothing but what was put there."""

INSTALLING = ("install", "create", "env create", "env update", "update")
"""Actions of conda that bring packages into an environment."""


def is_rehearsal(call: Call) -> bool:
    """Say whether a call changes nothing, or only fetches."""
    return call.has("dry-run", "help", "download-only", "print-env")


def program_name(call: Call) -> str:
    """Return how to name a call in a message, such as ``conda install``."""
    return f"{call.tool} {call.action}"


def with_option(step: ScriptStep, call: Call, option: str) -> Edit:
    """Return the edit that gives a call an option, right behind its subcommand."""
    is_item = step.is_listed and not call.nested
    return Edit(Span(call.head.end, call.head.end), f', "{option}"' if is_item else f" {option}")
