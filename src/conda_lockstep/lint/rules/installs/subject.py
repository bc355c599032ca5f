"""The calls and images that the rules of this family share."""

from __future__ import annotations

import re
from functools import lru_cache

from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptStep
from conda_lockstep.lint.targets.install_script.kinds import kind_of
from conda_lockstep.lint.targets.install_script.reader import parse
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


def install_file(entries: Entries) -> InstallFile:
    """Return the parsed file; raises ``UnreadableFileError`` for a workflow that is invalid YAML."""
    source = entries.file.source
    return _parsed(source.text, source.path)


def is_rehearsal(call: Call) -> bool:
    """Tell whether a call changes nothing or only downloads."""
    return call.has("dry-run", "help", "download-only", "print-env")


def program_name(call: Call) -> str:
    """Return the name of a call for a message, such as ``conda install``."""
    return f"{call.tool} {call.action}"


def with_option(step: ScriptStep, call: Call, option: str) -> Edit:
    """Return the edit that adds an option to a call, right after its subcommand."""
    is_item = step.is_listed and not call.nested
    return Edit(Span(call.head.end, call.head.end), f', "{option}"' if is_item else f" {option}")


@lru_cache(maxsize=1)
def _parsed(text: str, path: str) -> InstallFile:
    return parse(text, path, kind_of(path) or "shell")
