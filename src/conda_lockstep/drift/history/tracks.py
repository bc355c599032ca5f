"""Which file a lock was at each commit: followed through renames, deletions and new beginnings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.drift.history.commits import FileChange, FirstParentLine, LogCommit, read_line, renames
from conda_lockstep.drift.history.repository import Repository

Event: TypeAlias = Literal["created", "changed", "renamed", "deleted", "restored"]
LOCK_NAMES = ("*conda-lock.yml", "*conda-lock.yaml", "*pixi.lock")
"""What locks are named, as pathspecs: ``*`` matches ``/``, too."""
_LOCK_NAME = re.compile(r"conda-lock\.ya?ml$|(?:^|/)pixi\.lock$")
_MAGIC = re.compile(r"([*?\[\]\\])")


class Step(NamedTuple):
    """What one commit of the line did to a lock.

    ``blob`` and ``mode`` are of the new content, empty if the lock was deleted. ``old_path`` is the former path of a
    renamed lock. ``merged`` are the commits that changed this lock and came with a merge, oldest first.
    """

    commit: LogCommit
    event: Event
    path: str
    blob: str
    mode: str
    old_path: str = ""
    merged: tuple[LogCommit, ...] = ()


class Track(NamedTuple):
    """One lock over time, oldest step first. ``path`` is the last one; ``earlier`` are the steps before the range."""

    path: str
    steps: tuple[Step, ...]
    earlier: tuple[Step, ...] = ()

    @property
    def is_present(self) -> bool:
        """Return whether the lock is there at the end."""
        steps = self.earlier + self.steps
        return bool(steps) and steps[-1].event != "deleted"

    def since(self, is_in_range: Callable[[LogCommit], bool]) -> Track:
        """Return the track from the first commit in a range on."""
        start = next(
            (place for place, step in enumerate(self.steps) if is_in_range(step.commit)), len(self.steps)
        )
        return Track(self.path, self.steps[start:], self.earlier + self.steps[:start])


def read_tracks(repository: Repository, paths: Sequence[str], below: str = "") -> tuple[Track, ...]:
    """Return the tracks of the locks at these paths, or for no paths of all that were ever named like a lock.

    Paths are relative to the top of the repository. A lock that was renamed has one track, under its last name.
    """
    pathspecs = [_literal(path) for path in paths] or [
        f":(top){_escaped(below)}{name}" for name in LOCK_NAMES
    ]
    known: dict[tuple[str, str], str] = {}
    while True:
        line = read_line(repository, pathspecs)
        created = [
            (commit, change.path)
            for commit in line.commits
            for change in commit.changes
            if change.status == "A" and (commit.id, change.path) not in known
        ]
        found = renames(repository, created)
        known |= {(commit.id, path): found.get((commit.id, path), "") for commit, path in created}
        more = [_literal(old) for old in sorted(set(found.values())) if _literal(old) not in pathspecs]
        if not paths:
            more = [each for each in more if not _LOCK_NAME.search(each) or below]
        if not more:
            break
        pathspecs += more
    tracks = _Tracks(line, known)
    return tuple(tracks.of(path) for path in paths or tracks.ends())


class _Tracks:
    """The changes of every path, to follow a lock from its end to its beginning."""

    def __init__(self, line: FirstParentLine, sources: dict[tuple[str, str], str]) -> None:
        self.line = line
        self.sources = sources
        self.changes: dict[str, list[tuple[int, FileChange]]] = defaultdict(list)
        for place, commit in enumerate(line.commits):
            for change in commit.changes:
                self.changes[change.path].append((place, change))

    def ends(self) -> list[str]:
        """Return the paths that are named like a lock and were not renamed to another."""
        renamed = {
            (name, old) for (name, _), old in self.sources.items() if old
        }  # the deletion of ``old`` is a part of the renaming
        return sorted(
            path
            for path, changes in self.changes.items()
            if _LOCK_NAME.search(path)
            and not (changes[-1][1].status == "D" and (self.line.commits[changes[-1][0]].id, path) in renamed)
        )

    def of(self, path: str) -> Track:
        """Return the track that ends at a path."""
        return Track(path, tuple(reversed(list(self._back(path)))))

    def _back(self, path: str) -> Iterator[Step]:
        place = len(self.line.commits)
        while True:
            earlier = [(at, change) for at, change in self.changes.get(path, ()) if at < place]
            if not earlier:
                return
            place, change = earlier[-1]
            commit = self.line.commits[place]
            source = self.sources.get((commit.id, path), "") if change.status == "A" else ""
            event = _event(change, bool(source), bool(earlier[:-1]))
            is_there = change.status != "D"
            yield Step(
                commit,
                event,
                path,
                change.blob if is_there else "",
                change.mode if is_there else "",
                source,
                self._merged(commit, {path, source}),
            )
            path = source or path

    def _merged(self, commit: LogCommit, paths: set[str]) -> tuple[LogCommit, ...]:
        merged = self.line.merged.get(commit.id, ())
        return tuple(each for each in merged if any(change.path in paths for change in each.changes))


def _event(change: FileChange, was_renamed: bool, was_there: bool) -> Event:
    if change.status == "D":
        return "deleted"
    if change.status == "A":
        return "renamed" if was_renamed else "restored" if was_there else "created"
    return "changed"


def _literal(path: str) -> str:
    return f":(top,literal){path}"


def _escaped(folder: str) -> str:
    return _MAGIC.sub(r"\\\1", folder)
