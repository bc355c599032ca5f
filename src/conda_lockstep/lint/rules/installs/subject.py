"""The calls and images that the rules of this family share."""

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
"""Images that contain conda, with ``base`` on the PATH."""

MICROMAMBA_IMAGES = re.compile(r"(?:.*/)?(?:mambaorg|mamba-org)/micromamba(?:[:@].*)?")
"""Images of micromamba, whose ``base`` is initially empty."""

INSTALLING = ("install", "create", "env create", "env update", "update")
"""Actions of conda that install packages into an environment."""


def is_rehearsal(call: Call) -> bool:
    """Return whether a call changes nothing or only downloads."""
    return call.has("dry-run", "help", "download-only", "print-env")


def program_name(call: Call) -> str:
    """Return the name of a call for a message, such as ``conda install``."""
    return f"{call.tool} {call.action}"


def with_option(step: ScriptStep, call: Call, option: str) -> Edit:
    """Return the edit that adds an option to a call, right after its subcommand."""
    is_item = step.is_listed and not call.nested
    return Edit(Span(call.head.end, call.head.end), f', "{option}"' if is_item else f" {option}")
