"""The Action's inputs, which ``action.yml`` passes as ``LOCKSTEP_*`` variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.errors import LockstepError

Step: TypeAlias = Literal["check", "report"]
Mode: TypeAlias = Literal["auto", "check", "build", "comment", "upstream"]
Build: TypeAlias = Literal["auto", "always", "never"]
FailOn: TypeAlias = Severity | Literal["never"]
LockUpdateMode: TypeAlias = Literal["none", "suggest", "commit"]

STEPS: tuple[Step, ...] = ("check", "report")
MODES: tuple[Mode, ...] = ("auto", "check", "build", "comment", "upstream")
_BY_EVENT: dict[str, Mode] = {"workflow_run": "comment"}
BUILDS: tuple[Build, ...] = ("auto", "always", "never")
LOCK_UPDATE_MODES: tuple[LockUpdateMode, ...] = ("none", "suggest", "commit")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run.

    ``mode`` is what the run is for. ``step`` is which half runs: the one that executes and holds no token, or the one
    that speaks and executes nothing. ``files`` are glob patterns from the root of the repository, empty for every
    environment file. ``platforms`` are conda subdirs, ``cuda`` a version to solve for where the file says none.
    ``author`` is who the token comments as, empty where GitHub is to be asked. ``artifact`` is the name under which
    another run left its findings. ``machine`` is the declared machine that this runner is, empty where it is to be told
    by its driver. ``lock_update`` is what becomes of fresh locks, ``checks`` are the workflow files to start on them.
    by its driver. ``cache_dir`` is where packages are kept from run to run, None where they go with the job.
    """

    step: Step
    mode: Mode = "auto"
    files: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cuda: str = ""
    build: Build = "auto"
    comment: bool = True
    fail_on: FailOn = "critical"
    author: str = ""
    artifact: str = "lockstep"
    machine: str = ""
    lock_update: LockUpdateMode = "none"
    checks: tuple[str, ...] = ()
    cache_dir: Path | None = None
    token: str = field(default="", repr=False)


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Read the inputs; raises ``LockstepError`` that names the invalid input and its allowed values."""
    mode = _mode(_choice(environment, "mode", MODES, "auto"))
    build = _build(_choice(environment, "build", BUILDS, "auto"))
    return Inputs(
        step=_step(environment.get("LOCKSTEP_STEP", "")),
        mode=mode,
        files=_lines(environment.get("LOCKSTEP_FILES", "")),
        platforms=_words(environment.get("LOCKSTEP_PLATFORMS", "")),
        cuda=_cuda(environment.get("LOCKSTEP_CUDA", "").strip()),
        build="never" if mode == "check" else build,
        comment=_choice(environment, "comment", ("true", "false"), "true") == "true",
        fail_on=_fail_on(_choice(environment, "fail-on", (*SEVERITIES, "never"), "critical")),
        author=environment.get("LOCKSTEP_AUTHOR", "").strip(),
        machine=environment.get("LOCKSTEP_MACHINE", "").strip(),
        lock_update=_lock_update(_choice(environment, "lock-update", LOCK_UPDATE_MODES, "none")),
        checks=tuple(_workflow(line) for line in _lines(environment.get("LOCKSTEP_CHECKS", ""))),
        cache_dir=_folder("cache-dir", environment.get("LOCKSTEP_CACHE_DIR", "").strip()),
        artifact=environment.get("LOCKSTEP_ARTIFACT", "").strip() or "lockstep",
        token=environment.get("LOCKSTEP_TOKEN", "").strip(),
    )


def _step(text: str) -> Step:
    for step in STEPS:
        if step == text:
            return step
    raise LockstepError(
        "LOCKSTEP_STEP is neither 'check' nor 'report'", remedy="run this through the Action, not by hand"
    )


def _choice(environment: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environment.get(f"LOCKSTEP_{name.upper().replace('-', '_')}", "").strip().lower() or default
    if value not in allowed:
        raise LockstepError(f"input '{name}' is '{value}'", remedy=f"use one of: {', '.join(allowed)}")
    return value


def resolve(mode: Mode, event: str) -> Mode:
    """Return the mode of a run: what ``auto`` means for an event, else the given mode."""
    if mode != "auto":
        return mode
    return _BY_EVENT.get(event, "build")


def _mode(text: str) -> Mode:
    return next(choice for choice in MODES if choice == text)


def _build(text: str) -> Build:
    return next(choice for choice in BUILDS if choice == text)


def _fail_on(text: str) -> FailOn:
    return next((severity for severity in SEVERITIES if severity == text), "never")


def _lock_update(text: str) -> LockUpdateMode:
    return next(choice for choice in LOCK_UPDATE_MODES if choice == text)


def _workflow(text: str) -> str:
    """Return the name of a workflow file, as GitHub's API accepts it."""
    name = text.removeprefix(".github/workflows/")
    if not re.fullmatch(r"[\w.-]{1,100}\.ya?ml", name, re.ASCII):
        raise LockstepError(
            f"input 'checks' has '{text}'", remedy="list files in .github/workflows, one per line"
        )
    return name


def _cuda(text: str) -> str:
    if text and not re.fullmatch(r"\d{1,3}\.\d{1,3}", text):
        raise LockstepError(f"input 'cuda' is '{text}'", remedy="use a version such as 12.4")
    return text


def _folder(name: str, text: str) -> Path | None:
    """Read a folder that outlives the job: one inside the checkout, or relative to it, would not."""
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise LockstepError(
            f"input '{name}' is '{text}'", remedy="use an absolute path, or one that starts with '~'"
        )
    return path


def _lines(text: str) -> tuple[str, ...]:
    """Split lines; file names may contain spaces."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\s,]+", text) if word)
