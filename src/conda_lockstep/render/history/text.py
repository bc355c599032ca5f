"""Renders the history of locks for a terminal, newest first, as ``git log`` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.drift.history.commits import LogCommit
from conda_lockstep.drift.history.history import History, LockHistory, LogEntry, PackageHistory, VersionRun
from conda_lockstep.render.drift.text import SEVERITY_COLOURS
from conda_lockstep.render.history.words import alike, period, what_happened
from conda_lockstep.render.time_axis import date
from conda_lockstep.terminal import count, paint
from conda_lockstep.text.printable import visible

_BOLD, _DIM, _RED = "1", "2", "31"
_INDENT = " " * 24
_MERGED = 3
"""The number of merged commits that are named."""


def render(history: History, *, colour: bool = False) -> str:
    """Return text that ends in LF: the packages that were asked about, else the entries of each lock."""
    if history.packages:
        blocks = ["\n".join(_packages(history.packages, colour))]
    else:
        blocks = ["\n".join(_lock(lock, colour)) for lock in history.locks]
    blocks += [f"note: {visible(note, 1000)}" for note in history.notes]
    return "\n\n".join(blocks) + "\n"


def _lock(lock: LockHistory, colour: bool) -> Iterator[str]:
    platforms = ", ".join(map(visible, lock.platforms))
    number = count(len(lock.entries), "commit") if lock.entries else "unchanged"
    yield paint(f"{visible(lock.path)} ({platforms}): {number}", _BOLD, colour)
    several = len(lock.platforms) > 1
    for entry in reversed(lock.entries):
        yield from _entry(entry, several, colour)
    if not lock.is_whole:
        ids = ", ".join(
            f"{visible(platform)} {state.environment_id}" for platform, state in lock.before.items()
        )
        yield paint(f"  before: {ids}" if ids else "  earlier commits are not in this clone", _DIM, colour)


def _entry(entry: LogEntry, several: bool, colour: bool) -> Iterator[str]:
    level = entry.worst
    severity = paint(f"{level or '':<8}", SEVERITY_COLOURS[level] if level else _DIM, colour)
    yield (
        f"  {date(entry.commit.date)}  {entry.commit.short}  {severity}  "
        f"{visible(what_happened(entry))}: {visible(entry.commit.subject)}"
    )
    if entry.unreadable:
        yield paint(f"{_INDENT}  {visible(entry.unreadable, 1000)}", _RED, colour)
    if entry.moved:
        ids = (
            f"{visible(platform)} {entry.platforms[platform].environment_id}"
            if several
            else entry.platforms[platform].environment_id
            for platform in entry.moved
        )
        yield paint(f"{_INDENT}  {', '.join(ids)}", _DIM, colour)
    for line in _merged(entry.merged):
        yield paint(f"{_INDENT}  {line}", _DIM, colour)
    for note in entry.remarks:
        yield paint(f"{_INDENT}  note: {visible(note, 1000)}", _DIM, colour)


def _merged(commits: Sequence[LogCommit]) -> Iterator[str]:
    for commit in commits[-_MERGED:]:
        yield f"merges {commit.short} {visible(commit.subject)}"
    if len(commits) > _MERGED:
        yield f"and {len(commits) - _MERGED} more"


def _packages(packages: Sequence[PackageHistory], colour: bool) -> Iterator[str]:
    for position, (members, package) in enumerate(alike(packages)):
        if position:
            yield ""
        pip = " (pip)" if package.manager == "pip" else ""
        platforms = ", ".join(visible(each.platform) for each in members)
        yield paint(f"{visible(package.name)}{pip} in {visible(package.lock)} ({platforms})", _BOLD, colour)
        width = max(len(visible(run.version)) for run in package.runs)
        last = package.runs[-1].until
        if last:
            yield f"  {'–':<{width}}  {'':<8}  since {date(last.commit.date)}           {_commit(last.commit)}"
        for run in reversed(package.runs):
            yield from _run(run, width, colour)


def _run(run: VersionRun, width: int, colour: bool) -> Iterator[str]:
    severity = paint(
        f"{run.severity or '':<8}", SEVERITY_COLOURS[run.severity] if run.severity else _DIM, colour
    )
    commit = _commit(run.since.commit) if run.since else ""
    yield f"  {visible(run.version):<{width}}  {severity}  {period(run):<24}  {commit}".rstrip()
    if run.brought_by:
        yield paint(f"  {'':<{width}}  {'':<8}  {'':<24}  merges {_commit(run.brought_by)}", _DIM, colour)


def _commit(commit: LogCommit) -> str:
    return f"{commit.short}  {visible(commit.subject)}"
