"""Environments that are created from an environment file although it has a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.engine.registry import Fix, Problem, install_rule
from conda_lockstep.lint.rules.installs.environment import copies_of, environment_file
from conda_lockstep.lint.rules.installs.subject import INSTALLING, is_rehearsal
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptStep
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.lock.model.paths import is_lock, locks_of

DEFAULT_FILE = "environment.yml"
"""The file that ``conda env create`` reads by default."""


@install_rule("create-from-unlocked", "warning")
def create_from_unlocked(file: InstallFile, config: Config) -> Iterator[Problem]:
    """An environment is created from its file although a lock exists: each build gets other packages."""
    for step, call in file.calls:
        if not call.is_conda or call.action not in INSTALLING or is_rehearsal(call):
            continue
        words: tuple[Word | None, ...] = call.values("file")
        if not words and call.action.startswith("env "):
            words = (None,)
        for word in words:
            path = environment_file(file, step, word.value if word else DEFAULT_FILE)
            locks = locks_of([path])[path] if path and not is_lock(path.name) else ()
            if path and locks:
                lock = os.path.relpath(locks[0])
                yield Problem(
                    word.span if word else call.head,
                    f"'{os.path.relpath(path)}' is solved again here, although its lock '{lock}' exists",
                    _remedy(call, lock),
                    _fix(file, step, call, word, locks[0]) if word else None,
                )


def _remedy(call: Call, lock: str) -> str:
    if call.program.value.partition("@")[0].endswith("setup-micromamba"):
        return f"write 'environment-file: {lock}' and add an 'environment-name:'"
    name = call.environment or "NAME"
    if call.tool == "conda":
        return f"use 'micromamba create -y -n {name} -f {lock}' or 'conda-lock install': conda cannot read this lock"
    return f"write '{call.tool} create -y -n {name} -f {lock}'"


def _fix(file: InstallFile, step: ScriptStep, call: Call, word: Word, lock: Path) -> Fix | None:
    """Return the edits that replace the file with the lock: in the command, and where the image copies it from.

    This needs a command that reads locks and names the environment, because a lock contains no name.
    """
    reads_locks = call.tool in ("mamba", "micromamba") and call.action in ("create", "env create")
    old = PurePosixPath(word.value).name
    if not (reads_locks and call.environment and word.literal and old.endswith((".yml", ".yaml"))):
        return None
    edits = [_renamed(word, old, lock.name)]
    if file.kind == "dockerfile":
        for copy in copies_of(file, step, old):
            edits += [
                _renamed(one, old, lock.name)
                for one in (*copy.sources, copy.target)
                if one.value.endswith(old)
            ]
        if len(edits) == 1:
            return None
    return Fix(f"create it from '{lock.name}'", tuple(edits), "unsafe")


def _renamed(word: Word, old: str, new: str) -> Edit:
    start = len(word.value) - len(old)
    return Edit(word.piece.span(start, len(word.value)), new)
