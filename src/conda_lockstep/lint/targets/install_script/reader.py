"""Reads the file at a path as an install script."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.lint.targets.install_script.calls import calls_in
from conda_lockstep.lint.targets.install_script.commands_yaml import read_commands
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptScope, ScriptStep
from conda_lockstep.lint.targets.install_script.jobs import read_jobs
from conda_lockstep.lint.targets.install_script.kinds import Kind, kind_of
from conda_lockstep.lint.targets.install_script.shell.commands import read_script
from conda_lockstep.lint.targets.install_script.shell.piece import Piece
from conda_lockstep.lint.targets.install_script.shell.variables import exports
from conda_lockstep.lint.targets.install_script.stages import read_stages
from conda_lockstep.text.encoding import decode, read_bytes
from conda_lockstep.text.source import Source, Span, UnreadableFileError

MAX_CALLS = 2_000
"""How often a file may call package managers, because fixes are compared with each other."""


def read(path: Path) -> InstallFile:
    """Read a file according to its name; a file with an unknown name is read as a script.

    Raises ``UnreadableFileError`` for a file that is too large or not UTF-8 and for a workflow that is invalid YAML,
    and ``LockstepError`` if the file does not exist.
    """
    shown = str(path)
    is_yaml = path.suffix.lower() in (".yml", ".yaml")
    kind = kind_of(path.as_posix()) or ("commands" if is_yaml else "shell")
    return parse(decode(read_bytes(path, shown), shown), shown, kind)


def parse(text: str, path: str, kind: Kind) -> InstallFile:
    """Read the text of a file of some kind; raises ``UnreadableFileError`` for a workflow that is invalid YAML."""
    source = Source.of(path, text)
    readers = {"dockerfile": read_stages, "workflow": read_jobs, "shell": _script, "commands": read_commands}
    file = readers[kind](source)
    # A fix may add a 'clean' after each call that downloads.
    if sum(call.action != "clean" for _, call in file.calls) > MAX_CALLS:
        what = f"it calls package managers more than {MAX_CALLS:,} times"
        raise UnreadableFileError(what, source, 0, remedy="check that this is the right file")
    return file


def _script(source: Source) -> InstallFile:
    whole = Span(0, len(source.text))
    script = read_script(Piece.of(source.text, *whole))
    step = ScriptStep(0, whole, script.commands, calls_in(script.commands), exports(script.commands))
    return InstallFile(source, "shell", (ScriptScope(),), (step,), comments=script.comments)
