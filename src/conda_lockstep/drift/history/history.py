"""The history of locks: what each commit made of each lock, and since when each version of a package is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from conda_lockstep.drift.history.commits import LogCommit
from conda_lockstep.drift.history.tracks import Event
from conda_lockstep.drift.report import SEVERITIES, Report, Row, Severity, distinct, worst
from conda_lockstep.packages import Key, Manager, Package


class PlatformState(NamedTuple):
    """What a lock has for one platform: the environment id, and the number of packages.

    ``found`` are the packages that the user asked about.
    """

    environment_id: str
    packages: int
    found: tuple[Package, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LogEntry:
    """What one commit made of a lock.

    ``blob`` is git's id of the content, empty if the lock was deleted. ``platforms`` is the state after it, by
    platform, ``previous`` the last state before it that could be read; both may be empty. ``report`` compares them;
    None where there is nothing to compare. ``unreadable`` is the reason why the content could not be read.
    ``old_path`` is the former path of a renamed lock. ``merged`` are the commits that changed the lock and came with
    this merge, oldest first.
    """

    commit: LogCommit
    event: Event
    path: str
    blob: str
    platforms: Mapping[str, PlatformState]
    previous: Mapping[str, PlatformState]
    report: Report | None = None
    old_path: str = ""
    unreadable: str = ""
    merged: tuple[LogCommit, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the changes, most dangerous first; those that look alike on several platforms are one."""
        rows = distinct(self.report) if self.report else ()
        return tuple(sorted(rows, key=lambda row: SEVERITIES.index(row.severity)))

    @property
    def worst(self) -> Severity | None:
        """Return the highest severity among the changes; None without changes."""
        return worst(self.rows)

    def rows_on(self, platform: str) -> tuple[Row, ...]:
        """Return the changes on one platform."""
        comparisons = self.report.comparisons if self.report else ()
        return next((each.rows for each in comparisons if each.platform == platform), ())

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the platforms that are new, or have another environment id than before, sorted."""
        return tuple(
            platform
            for platform, state in sorted(self.platforms.items())
            if platform not in self.previous or self.previous[platform].environment_id != state.environment_id
        )

    @property
    def dropped(self) -> tuple[str, ...]:
        """Return the platforms that a readable lock no longer has, sorted."""
        return tuple(sorted(self.previous.keys() - self.platforms.keys())) if self.platforms else ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what was not read or not compared."""
        comparisons = self.report.comparisons if self.report else ()
        return tuple(dict.fromkeys((*self.notes, *(note for each in comparisons for note in each.notes))))


@dataclass(frozen=True, slots=True)
class LockHistory:
    """One lock: its entries, oldest first, and its state before them, empty if it was not there.

    ``path`` is its last path. ``is_whole`` is false if it was there before the entries: the range, or the history that
    this clone has, begins later than the lock.
    """

    path: str
    entries: tuple[LogEntry, ...]
    before: Mapping[str, PlatformState]
    is_present: bool = True
    is_whole: bool = True

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return all platforms that it ever had in this range, sorted."""
        states = [self.before, *(entry.platforms for entry in self.entries)]
        return tuple(sorted({platform for state in states for platform in state}))

    @property
    def latest(self) -> Mapping[str, PlatformState]:
        """Return the last state that could be read, empty if the lock was deleted."""
        for entry in reversed(self.entries):
            if not entry.unreadable:
                return entry.platforms
        return self.before


@dataclass(frozen=True, slots=True)
class History:
    """The locks of a repository over time, as of the commit ``head``. ``since`` is the start that the user gave.

    ``notes`` name what was not looked at.
    """

    head: str
    locks: tuple[LockHistory, ...]
    since: str = ""
    notes: tuple[str, ...] = ()
    packages: tuple[PackageHistory, ...] = ()


class VersionRun(NamedTuple):
    """The time that a lock had one version of a package.

    ``since`` is the entry that brought it, None if it was there before the first entry; ``until`` is the entry that
    ended it, None if it is still there. ``builds`` are the builds it had, oldest first. ``severity`` is that of the
    change that brought it. ``brought_by`` is the commit within a merge that brought it, None if there is none.
    """

    version: str
    builds: tuple[str, ...]
    since: LogEntry | None
    until: LogEntry | None
    severity: Severity | None = None
    brought_by: LogCommit | None = None


@dataclass(frozen=True, slots=True)
class PackageHistory:
    """The versions of one package in one lock on one platform, oldest first."""

    lock: str
    platform: str
    manager: Manager
    name: str
    runs: tuple[VersionRun, ...]

    @property
    def is_present(self) -> bool:
        """Return whether the package is there at the end."""
        return bool(self.runs) and self.runs[-1].until is None


BroughtBy = Callable[[LogEntry, str, Package], "LogCommit | None"]
"""Finds the commit within a merge that brought a package on a platform."""


def package_histories(lock: LockHistory, brought_by: BroughtBy) -> Iterator[PackageHistory]:
    """Yield the histories of the packages that the user asked about, which the states list as ``found``."""
    keys = dict.fromkeys(
        package.key
        for state in (lock.before, *(entry.platforms for entry in lock.entries))
        for platform in state.values()
        for package in platform.found
    )
    for key in sorted(keys):
        for platform in lock.platforms:
            states: list[tuple[LogEntry | None, Package | None]] = [(None, _held(lock.before, platform, key))]
            states += [
                (entry, _held(entry.platforms, platform, key))
                for entry in lock.entries
                if not entry.unreadable
            ]
            if runs := tuple(_runs(states, key, platform, brought_by)):
                yield PackageHistory(lock.path, platform, *key, runs)


def changed_packages(lock: LockHistory, platform: str) -> Iterator[PackageHistory]:
    """Yield the histories of all packages that changed on a platform, from the rows of the entries."""
    start = lock.entries[0] if lock.entries and lock.is_whole else None
    states: dict[Key, list[tuple[LogEntry | None, Package | None]]] = {}
    held: dict[Key, Package | None] = {}
    for entry in lock.entries:
        if entry.event == "deleted":
            changed: dict[Key, Package | None] = dict.fromkeys(held)
        else:
            changed = dict(held) if entry.event == "restored" else {}
            changed |= {row.old.key: None for row in entry.rows_on(platform) if row.old}
            changed |= {row.new.key: row.new for row in entry.rows_on(platform) if row.new}
            for row in entry.rows_on(platform):
                if row.old and row.old.key not in states:
                    states[row.old.key] = [(start, row.old)]
            held |= changed
        for key, package in changed.items():
            states.setdefault(key, []).append((entry, package))
    for key, moments in states.items():
        runs = tuple(_runs(moments, key, platform, lambda *_: None))
        yield PackageHistory(lock.path, platform, *key, runs)


def _held(state: Mapping[str, PlatformState], platform: str, key: Key) -> Package | None:
    found = state[platform].found if platform in state else ()
    return next((package for package in found if package.key == key), None)


def _runs(
    states: Iterable[tuple[LogEntry | None, Package | None]], key: Key, platform: str, brought_by: BroughtBy
) -> Iterator[VersionRun]:
    """Yield the runs of equal versions among the states of one package, oldest first."""
    run: VersionRun | None = None
    for entry, package in states:
        if run and package and package.version == run.version:
            if package.build not in run.builds:
                run = run._replace(builds=(*run.builds, package.build))
            continue
        if run:
            yield run._replace(until=entry)
        run = None
        if package:
            severity = _severity(entry, platform, key) if entry else None
            commit = brought_by(entry, platform, package) if entry and entry.merged else None
            run = VersionRun(package.version, (package.build,), entry, None, severity, commit)
    if run:
        yield run


def _severity(entry: LogEntry, platform: str, key: Key) -> Severity | None:
    rows = entry.rows_on(platform)
    return next(
        (row.severity for row in rows if any(side and side.key == key for side in (row.new, row.old))), None
    )
