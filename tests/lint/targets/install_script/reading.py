"""Reads texts as files that install, for tables of them."""

from __future__ import annotations

from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.lint.targets.install_script.reader import parse
from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand, read_script
from conda_lockstep.lint.targets.install_script.shell.piece import Piece


def commands(text: str) -> tuple[ShellCommand, ...]:
    """Return the commands of a script."""
    return read_script(Piece.of(text, 0, len(text))).commands


def words(text: str) -> list[list[str]]:
    """Return the words of the commands of a script."""
    return [[word.value for word in command.words] for command in commands(text)]


def dockerfile(text: str) -> InstallFile:
    """Read a Dockerfile."""
    return parse(text, "Dockerfile", "dockerfile")


def workflow(text: str) -> InstallFile:
    """Read a workflow."""
    return parse(text, ".github/workflows/test.yml", "workflow")


def calls(text: str) -> list[Call]:
    """Return the calls in a script."""
    return [call for _, call in parse(text, "setup.sh", "shell").calls]


def shown(file: InstallFile) -> list[str]:
    """Return the calls of a file as 'tool action operand…'."""
    return [
        " ".join([call.tool, call.action, *(word.value for word in call.operands)]) for _, call in file.calls
    ]
