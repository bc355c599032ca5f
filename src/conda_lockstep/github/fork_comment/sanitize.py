"""Keeps of an untrusted hand-off only what can be shown in the bot's name: numbers, known words and plain names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from conda_lockstep.drift.attribution.cause_text import is_caveat
from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.handoff.handoff import Caveat, Checked, Handoff, Remark
from conda_lockstep.github.report.gate import LADDER
from conda_lockstep.lint.engine.findings import UNREADABLE
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.lock.model.paths import SUFFIX, machine_lock_path
from conda_lockstep.packages import Package

SEE_LOG = "see the log of its run"
CAUSES_SEE_LOG = f"some notes about the causes are not shown: {SEE_LOG}"
_PATH = re.compile(r"(?!.*\.\.)[\w+.-][\w+./-]{0,199}\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,79}\Z", re.ASCII)
_VERSION = re.compile(r"[\w.+!-]{0,80}\Z", re.ASCII)
_CHANNEL = re.compile(r"[\w.:/+-]{0,200}\Z", re.ASCII)
_ID = re.compile(r"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z|\Z")
_LAST = 10_000_000
MOST = 100
"""Environments of one hand-off: each costs requests to GitHub, and a repository has a thousand an hour."""


def sanitize(handoff: Handoff) -> Handoff:
    """Return the hand-off without any sentence of its sender.

    The messages of rules are our own. Reasons, messages and failures are counted and left out. So is everything with
    a name that could be read as a sentence, and the result says so.
    """
    known = {rule.name: rule.summary for rule in rules()}
    remarks = [
        replace(remark, message=known.get(remark.rule, "the file cannot be read"))
        for remark in handoff.remarks
        if (remark.rule in known or remark.rule == UNREADABLE) and _is_placed(remark)
    ]
    failures = [_counted(len(handoff.failures), "error is not shown", "errors are not shown")]
    dropped = len(handoff.remarks) - len(remarks)
    failures += [_counted(dropped, "finding is not shown", "findings are not shown")]
    more = len(handoff.checked) - MOST
    failures += [_counted(max(0, more), "environment is not shown", "environments are not shown")]
    checked: list[Checked] = []
    for one in handoff.checked[:MOST]:
        try:
            checked.append(_fact(one))
        except LockstepError as error:
            failures.append(str(error))
    base = handoff.base if _ID.match(handoff.base) else ""
    return Handoff(
        tuple(remarks), tuple(checked), tuple(filter(None, failures)), base, own_settings=handoff.own_settings
    )


def is_plain_path(path: str) -> bool:
    """Return whether a path stays in the repository and cannot be read as a sentence."""
    return _PATH.match(path) is not None


def _is_placed(remark: Remark) -> bool:
    return is_plain_path(remark.path) and 0 <= remark.line <= _LAST and 0 <= remark.column <= _LAST


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}: {SEE_LOG}" if number else ""


def _fact(one: Checked) -> Checked:
    if not (is_plain_path(one.path) and is_plain_path(one.lock_path) and _is_its_lock(one)):
        raise LockstepError("an environment file's name is not shown here")
    if not (_ID.match(one.sha256) and _ID.match(one.lock_sha256)):
        raise LockstepError("is described incorrectly", where=one.path)
    _check_names(one)
    return replace(
        one,
        committed="",
        reasons=(),
        notices=(),
        build_reason=SEE_LOG if one.build in ("failed", "refused") else "",
        reached=tuple(step for step in LADDER if step in one.reached),
        # A cause is shown only beside a change that is found here; its words are our own.
        causes=tuple(replace(cause, chain=()) for cause in one.causes),
        caveats=tuple(dict.fromkeys(_caveat(each) for each in one.caveats)),
    )


def _caveat(caveat: Caveat) -> Caveat:
    return caveat if is_caveat(caveat.text) else replace(caveat, text=CAUSES_SEE_LOG)


def _is_its_lock(one: Checked) -> bool:
    """Return whether the lock's path is one of the environment file's locks: for all machines, or for one."""
    path = Path(one.path)
    machine = Path(one.lock_path).name.removeprefix(f"{path.stem}.").removesuffix(f".{SUFFIX}")
    names = ("", machine) if _NAME.match(machine) else ("",)
    return one.lock_path in (machine_lock_path(path, name).as_posix() for name in names)


def _check_names(one: Checked) -> None:
    """Raise ``LockstepError`` for a lock with names that no channel accepts."""
    if not one.lock:
        return
    try:
        source = parse_source(one.lock, one.lock_path)
    except LockstepError:
        raise LockstepError("its lock cannot be read", where=one.lock_path) from None
    packages = (package for held in source.platforms.values() for package in held.values())
    if source.kind != "conda-lock" or not all(_is_plain(package) for package in packages):
        raise LockstepError("its lock contains invalid package names", where=one.lock_path)
    if not all(_NAME.match(platform) for platform in source.platforms):
        raise LockstepError("its lock contains invalid package names", where=one.lock_path)


def _is_plain(package: Package) -> bool:
    texts: Iterable[str] = (package.version, package.build, package.subdir)
    return bool(
        _NAME.match(package.name)
        and all(_VERSION.match(text) for text in texts)
        and _CHANNEL.match(package.channel)
    )
