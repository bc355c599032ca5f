"""Reads every state of the locks of a repository, each content once, and compares it with the one before."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import DEFAULT_ENVIRONMENT, Operand, parse_source
from conda_lockstep.drift.history.commits import SHORT, LogCommit
from conda_lockstep.drift.history.history import (
    History,
    LockHistory,
    LogEntry,
    PackageHistory,
    PlatformState,
    package_histories,
)
from conda_lockstep.drift.history.repository import BlobReader, Repository
from conda_lockstep.drift.history.tracks import Step, Track, read_tracks
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.bounded_text import MAX_BYTES, text_of
from conda_lockstep.text.listing import listed, nearest

_LINK, _SUBMODULE = "120000", "160000"
_LFS = b"version https://git-lfs.github.com/spec/"
_NAMED = 5
"""The number of deleted locks that a note names."""


def read_history(
    repository: Repository,
    paths: Sequence[str] = (),
    *,
    below: str = "",
    since: str = "",
    packages: Sequence[str] = (),
    environment: str = DEFAULT_ENVIRONMENT,
) -> History:
    """Return the history of locks, as of HEAD.

    ``paths`` are relative to the top of the repository; without any, the locks that HEAD has in the folder ``below``.
    ``since`` is a revision or a date (ISO 8601, UTC). ``packages`` are names or globs. ``environment`` chooses within a
    pixi.lock. Raises ``LockstepError`` for a path or a package that is nowhere in the history.
    """
    is_in_range = _range(repository, since) if since else None
    tracks = _chosen(read_tracks(repository, paths, below), bool(paths))
    deleted = [track for track in tracks if not track.is_present and not paths]
    tracks = [track for track in tracks if track not in deleted]
    if not tracks:
        raise _no_lock(below, deleted)
    if is_in_range:
        tracks = [track.since(is_in_range) for track in tracks]
    with BlobReader(repository) as blobs:
        reader = _Reader(blobs, tracks, packages, environment)
        roots = _roots(repository) if repository.is_shallow else frozenset()
        locks = tuple(reader.read(track, roots) for track in tracks)
        found = tuple(history for lock in locks for history in package_histories(lock, reader.brought_by))
    _check_packages(packages, found, reader.names, [lock.path for lock in locks])
    notes = (*_shallow(repository, locks), *_deleted(deleted), *_uncommitted(repository, locks))
    return History(repository.head, locks, since, notes, found)


class _Reader:
    """The states of the locks, of which only those that are still to be compared are kept."""

    def __init__(
        self, blobs: BlobReader, tracks: Sequence[Track], packages: Sequence[str], environment: str
    ) -> None:
        self.blobs = blobs
        self.patterns = [pattern.lower() for pattern in packages]
        self.environment = environment
        self.names: set[str] = set()
        self.uses = Counter(
            step.blob for track in tracks for step in (*track.earlier[-1:], *track.steps) if step.blob
        )
        self.kept: dict[str, Operand | LockstepError] = {}
        self.aside: dict[str, Mapping[str, PlatformState]] = {}

    def read(self, track: Track, roots: Collection[str]) -> LockHistory:
        """Return the history of one lock."""
        last = self._before(track)
        readable: Mapping[str, PlatformState] = self._platforms(last) if last else {}
        was_there = bool(track.earlier) and track.earlier[-1].event != "deleted"
        is_cut = bool(track.steps) and track.steps[0].commit.id in roots
        entries: list[LogEntry] = []
        previous = readable
        for step in track.steps:
            state = self._state(step) if step.blob else None
            entry = self._entry(step, state, last, previous)
            if isinstance(state, Operand):
                last, previous = state, entry.platforms
            entries.append(entry)
        if last:
            self.names |= {name for packages in last.platforms.values() for _, name in packages}
        return LockHistory(
            track.path,
            tuple(entries),
            readable if was_there else {},
            track.is_present,
            not track.earlier and not is_cut,
        )

    def _before(self, track: Track) -> Operand | None:
        """Return the last readable state before the range."""
        for step in reversed(track.earlier):
            state = self._state(step) if step.blob else None
            if isinstance(state, Operand):
                return state
        return None

    def brought_by(self, entry: LogEntry, platform: str, package: Package) -> LogCommit | None:
        """Return the first of the merged commits whose lock has a package in a version; None if none has."""
        for commit in entry.merged:
            for change in commit.changes:
                if change.path not in (entry.path, entry.old_path) or change.status == "D":
                    continue
                if change.blob == entry.blob:
                    return commit
                states = self._aside(Step(commit, "changed", change.path, change.blob, change.mode))
                found = states[platform].found if platform in states else ()
                if any(each.key == package.key and each.version == package.version for each in found):
                    return commit
        return None

    def _aside(self, step: Step) -> Mapping[str, PlatformState]:
        """Return the lock of a commit that came with a merge, empty if it cannot be read."""
        if step.blob not in self.aside:
            state = self._state(step)
            self.aside[step.blob] = self._platforms(state) if isinstance(state, Operand) else {}
        return self.aside[step.blob]

    def _entry(
        self,
        step: Step,
        state: Operand | LockstepError | None,
        last: Operand | None,
        previous: Mapping[str, PlatformState],
    ) -> LogEntry:
        entry = LogEntry(
            step.commit,
            step.event,
            step.path,
            step.blob,
            {},
            previous,
            old_path=step.old_path,
            merged=step.merged,
        )
        if state is None:
            return entry
        if isinstance(state, LockstepError):
            return replace(entry, unreadable=_reason(state))
        entry = replace(entry, platforms=self._platforms(state), notes=state.notes)
        if last is None:
            return entry
        try:
            return replace(entry, report=compare(last, state, name=step.path))
        except LockstepError as error:
            return replace(entry, report=None, notes=(*entry.notes, error.what))

    def _platforms(self, state: Operand) -> dict[str, PlatformState]:
        return {
            platform: PlatformState(packages.environment_id, len(packages), tuple(self._found(packages)))
            for platform, packages in sorted(state.platforms.items())
        }

    def _found(self, packages: PackageSet) -> Iterator[Package]:
        for pattern in self.patterns:
            for (manager, name), package in packages.items() if self.patterns else ():
                if fnmatchcase(name.lower(), pattern) or (
                    manager == "pip" and fnmatchcase(normalize(name), normalize(pattern))
                ):
                    yield package

    def _state(self, step: Step) -> Operand | LockstepError:
        """Return the lock at a step, or the reason why it cannot be read."""
        state = self.kept.get(step.blob)
        if state is None:
            try:
                state = self._parsed(step)
            except LockstepError as error:
                state = error
        self.uses[step.blob] -= 1
        if self.uses[step.blob] > 0:
            self.kept[step.blob] = state
        else:
            self.kept.pop(step.blob, None)
        label = f"{step.commit.short}:{step.path}"
        return state._replace(label=label) if isinstance(state, Operand) else state

    def _parsed(self, step: Step) -> Operand:
        if step.mode == _SUBMODULE:
            raise LockstepError("is a submodule")
        data = self.blobs.read(step.blob, MAX_BYTES)
        if step.mode == _LINK:
            raise LockstepError(f"is a symbolic link to {data[:200].decode('utf-8', 'replace')}")
        if data.startswith(_LFS):
            raise LockstepError("is a Git LFS pointer; its content is not in the repository")
        return parse_source(text_of(data, step.path), step.path, environment=self.environment)


def _reason(error: LockstepError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what


def _roots(repository: Repository) -> frozenset[str]:
    """Return the commits without parents: in a shallow clone also those whose parents are not in it."""
    return frozenset(repository.run("rev-list", "--max-parents=0", repository.head).decode().split())


def _range(repository: Repository, since: str) -> Callable[[LogCommit], bool]:
    """Return whether a commit is after a revision, or not before a date."""
    revision = repository.resolve(since)
    if revision:
        later = repository.run("rev-list", "--first-parent", repository.head, f"^{revision}").decode().split()
        names = frozenset(later)
        return lambda commit: commit.id in names
    try:
        moment = datetime.datetime.fromisoformat(since)
    except ValueError:
        what = f"'{since}' is neither a revision of this repository nor a date"
        raise LockstepError(what, remedy="write a date as 2025-12-31") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    start = moment.timestamp()
    return lambda commit: commit.date >= start


def _chosen(tracks: Sequence[Track], named: bool) -> list[Track]:
    for track in tracks:
        if not track.steps and named:
            what = "is not in the history of HEAD"
            raise LockstepError(what, where=track.path, remedy="check the path, and commit the lock")
    return list(tracks)


def _no_lock(below: str, deleted: Sequence[Track]) -> LockstepError:
    where = below.rstrip("/") or None
    if deleted:
        remedy = f"pass one that was deleted, such as {deleted[0].path}"
        return LockstepError("HEAD has no locks", where=where, remedy=remedy)
    return LockstepError(
        "no lock was ever committed", where=where, remedy="run 'lockstep lock' and commit it"
    )


def _shallow(repository: Repository, locks: Sequence[LockHistory]) -> Iterator[str]:
    if repository.is_shallow:
        cut = [lock.path for lock in locks if not lock.is_whole]
        about = f": {listed(cut[:_NAMED], 'and')} may be older" if cut else ""
        yield f"this clone is shallow{about}; git fetch --unshallow gets the rest"


def _deleted(tracks: Sequence[Track]) -> Iterator[str]:
    if tracks:
        shown = [f"{track.path} (in {track.steps[-1].commit.id[:SHORT]})" for track in tracks[:_NAMED]]
        shown += [f"{len(tracks) - _NAMED} more"] if len(tracks) > _NAMED else []
        yield f"not shown, because they were deleted: {', '.join(shown)}; pass one to see its history"


def _uncommitted(repository: Repository, locks: Sequence[LockHistory]) -> Iterator[str]:
    """Yield a note on the locks whose files differ from HEAD."""
    if repository.top is None:
        return
    paths = [f":(top,literal){lock.path}" for lock in locks if lock.is_present]
    changed = repository.run(
        "diff", "--name-only", "-z", "--no-relative", "--no-renames", repository.head, "--", *paths
    )
    names = [name.decode("utf-8", "replace") for name in changed.split(b"\0") if name]
    if names:
        yield f"not shown: changes that are not committed, in {listed(names, 'and')}"


def _check_packages(
    patterns: Sequence[str], found: Sequence[PackageHistory], names: set[str], paths: Sequence[str]
) -> None:
    for pattern in patterns:
        bare = pattern.lower()
        if any(
            fnmatchcase(each.name.lower(), bare) or fnmatchcase(normalize(each.name), normalize(bare))
            for each in found
        ):
            continue
        close = nearest(bare, names)
        remedy = f"did you mean '{close}'?" if close else "search with a glob, such as '*nccl*'"
        raise LockstepError(f"'{pattern}' was never locked", where=", ".join(paths[:_NAMED]), remedy=remedy)
