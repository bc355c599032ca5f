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
Answer: TypeAlias = Literal["fail", "report"]

STEPS: tuple[Step, ...] = ("check", "report")
MODES: tuple[Mode, ...] = ("auto", "check", "build", "comment", "upstream")
_BY_EVENT: dict[str, Mode] = {"workflow_run": "comment"}
BUILDS: tuple[Build, ...] = ("auto", "always", "never")
LOCK_UPDATE_MODES: tuple[LockUpdateMode, ...] = ("none", "suggest", "commit")
ANSWERS: tuple[Answer, ...] = ("fail", "report")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run.

    ``mode`` is what the run is for. ``step`` is which half runs: the one that executes and has no token, or the one
    that reports and executes nothing. ``working_directory`` is the folder of the checkout that is checked. ``files``
    are glob patterns below it, empty for every environment file. ``platforms`` are conda subdirs, ``cuda`` a version
    to solve for if the file names none. ``base_ref`` and ``head_ref`` are the commits to compare, a branch or a
    commit's id, empty for those of the event. ``missing_base`` is what a run without a base does, ``removed`` what a
    removed environment, lock or platform does. ``require_lock`` is whether an environment without a lock fails.
    ``author`` is the account of the token, empty to ask GitHub. ``comment_id`` names this job's comment.
    ``artifact`` is the name under which another run left its results. ``machine`` is the declared machine that this
    runner is, empty to decide by its driver. ``lock_update`` is what is done with fresh locks, ``checks`` are the
    workflow files to start on them. ``cache_dir`` is where packages are kept from run to run, None to discard them
    with the job.
    """

    step: Step
    mode: Mode = "auto"
    working_directory: str = ""
    files: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    cuda: str = ""
    base_ref: str = ""
    head_ref: str = ""
    build: Build = "auto"
    comment: bool = True
    comment_id: str = ""
    fail_on: FailOn = "critical"
    missing_base: Answer = "fail"
    removed: Answer = "fail"
    require_lock: bool = False
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
        working_directory=_subfolder(environment.get("LOCKSTEP_WORKING_DIRECTORY", "").strip()),
        files=_lines(environment.get("LOCKSTEP_FILES", "")),
        platforms=_words(environment.get("LOCKSTEP_PLATFORMS", "")),
        cuda=_cuda(environment.get("LOCKSTEP_CUDA", "").strip()),
        base_ref=_ref(environment, "base-ref"),
        head_ref=_ref(environment, "head-ref"),
        build="never" if mode == "check" else build,
        comment=_flag(environment, "comment", "true"),
        comment_id=_identifier(environment.get("LOCKSTEP_COMMENT_ID", "").strip()),
        fail_on=_fail_on(_choice(environment, "fail-on", (*SEVERITIES, "never"), "critical")),
        missing_base=_answer(environment, "missing-base"),
        removed=_answer(environment, "removed"),
        require_lock=_flag(environment, "require-lock", "false"),
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


def _flag(environment: Mapping[str, str], name: str, default: str) -> bool:
    return _choice(environment, name, ("true", "false"), default) == "true"


def _answer(environment: Mapping[str, str], name: str) -> Answer:
    text = _choice(environment, name, ANSWERS, "fail")
    return next(answer for answer in ANSWERS if answer == text)


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


def _ref(environment: Mapping[str, str], name: str) -> str:
    """Return the name of a branch, or the id of a commit. It may come from whoever named a branch.

    Nothing else that git reads as a commit is accepted, such as ``HEAD~1`` or ``@{u}``; see
    https://git-scm.com/docs/git-check-ref-format.
    """
    text = (
        environment.get(f"LOCKSTEP_{name.upper().replace('-', '_')}", "").strip().removeprefix("refs/heads/")
    )
    parts = text.split("/")
    named = re.fullmatch(r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]{0,250}", text)
    broken = ".." in text or "@{" in text or text == "@" or text.endswith(".") or text.startswith("refs/")
    if (
        not named
        or broken
        or (text and any(part.startswith(".") or part.endswith(".lock") or not part for part in parts))
    ):
        raise LockstepError(
            f"input '{name}' is not the name of a branch", remedy="use one such as main, or a commit's id"
        )
    return text


def _identifier(text: str) -> str:
    """Return the name of a comment, which the comment shows."""
    if not re.fullmatch(r"[\w.-]{0,64}", text, re.ASCII):
        raise LockstepError("input 'comment-id' is invalid", remedy="use letters, digits, '.', '-' and '_'")
    return text


def _subfolder(text: str) -> str:
    """Return a folder of the workspace; whether it is one is checked with its links followed."""
    if text.startswith(("/", "~")) or ".." in text.split("/") or not text.isprintable():
        raise LockstepError(
            "input 'working-directory' is outside the workspace", remedy="name a folder of the checkout"
        )
    return text.strip("/") if text != "." else ""


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
