"""Finds what a change takes away: environment files, locks and platforms that the base has and the head has not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.commits import TreeEntry
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.files import is_selected
from conda_lockstep.github.handoff.handoff import Checked, Handoff
from conda_lockstep.lock.model.paths import is_lock, lock_path


@dataclass(frozen=True, slots=True)
class ComparedTrees:
    """Base and head of a change: their files, and the old path of each file that was renamed, by its new one.

    ``shown`` returns a path of the head as a message shows it: in a comment on a fork, names may be left out.
    """

    base: CommitFiles
    head: CommitFiles
    old: Mapping[str, TreeEntry]
    new: Mapping[str, TreeEntry]
    old_paths: Mapping[str, str]
    shown: Callable[[str], str] = str

    @property
    def changed(self) -> frozenset[str]:
        """Return the paths of the head that the change touches."""
        return frozenset(path for path, entry in self.new.items() if self.old.get(path) != entry)

    def old_path(self, path: str) -> str:
        """Return the path that a file has on the base."""
        return path if path in self.old else self.old_paths.get(path, path)

    def old_lock(self, checked: Checked) -> str:
        """Return the path that the lock of an environment has on the base.

        A lock that changed beyond recognition is still that of its environment file: that one may be renamed, or have
        had one lock for all machines.
        """
        candidates = [self.old_path(checked.lock_path), _renamed_with(checked, self.old_path(checked.path))]
        candidates.append(lock_path(Path(self.old_path(checked.path))).as_posix())
        return next((path for path in candidates if path in self.old), checked.lock_path)


@dataclass(frozen=True, slots=True)
class Absences:
    """What is gone, a line each: ``removed`` are findings, ``replaced`` are locks in whose place others are."""

    removed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


def find_absences(handoff: Handoff, sides: ComparedTrees, patterns: Sequence[str], below: Path) -> Absences:
    """Return what the head lacks of what the base has, of the files that ``patterns`` below a folder select.

    Raises ``LockstepError`` if a commit cannot be read.
    """
    environments = list(_environments(handoff, sides, patterns, below))
    locks = list(_locks(handoff, sides, patterns, below))
    platforms = _platforms(handoff, sides, locks)
    removed: list[str] = []
    replaced: list[str] = []
    for path in environments:
        removed += _gone(path, sides, handoff.files, set(handoff.files), patterns, below)
    held = {checked.lock_path for checked in handoff.checked if checked.lock_sha256}
    for path in locks:
        lines = list(_gone(path, sides, held, held, patterns, below))
        others = [checked for checked in handoff.checked if checked.committed and _owns(checked, path)]
        if lines and others and not sides.new.get(path) and platforms.of(path) <= platforms.new_of(others):
            named = ", ".join(checked.lock_path for checked in others)
            replaced.append(f"{path} was deleted, and its platforms are in {named}")
        else:
            removed += lines
    removed += platforms.lost()
    return Absences(tuple(dict.fromkeys(removed)), tuple(dict.fromkeys(replaced)))


def _environments(
    handoff: Handoff, sides: ComparedTrees, patterns: Sequence[str], below: Path
) -> Iterator[str]:
    """Yield the environment files of the base that the change touches."""
    for path, entry in sides.old.items():
        if not entry.is_file or sides.new.get(path) == entry:
            continue
        if path in handoff.files or is_selected(path, partial(sides.base.read, path), patterns, below):
            yield path


def _locks(handoff: Handoff, sides: ComparedTrees, patterns: Sequence[str], below: Path) -> Iterator[str]:
    """Yield the locks of the base that the change touches; with patterns, those of the selected files alone."""
    for path, entry in sides.old.items():
        if not (entry.is_file and is_lock(path)) or sides.new.get(path) == entry:
            continue
        if not PurePosixPath(path).is_relative_to(below.as_posix()):
            continue
        if not patterns or any(
            is_selected(file, lambda: None, patterns, below) and _is_lock_of(path, file) for file in sides.old
        ):
            yield path


def _gone(
    path: str,
    sides: ComparedTrees,
    looked_at: Sequence[str] | set[str],
    checked: set[str],
    patterns: Sequence[str],
    below: Path,
) -> Iterator[str]:
    """Yield why a file of the base is not among those that were looked at."""
    entry = sides.new.get(path)
    if entry is not None and entry.is_link:
        yield f"{path} was replaced by a link"
        return
    if path in looked_at:
        return
    if entry is None or not entry.is_file:
        renamed = [new for new, old in sides.old_paths.items() if old == path]
        if not renamed:
            yield f"{path} was deleted"
        elif not set(renamed) & checked:
            yield f"{path} was renamed to {sides.shown(renamed[0])}, which is not checked"
    elif is_lock(path):
        yield f"{path} is the lock of no environment file that was checked"
    elif is_selected(path, partial(sides.head.read, path), patterns, below):
        yield f"{path} is changed, but was not checked"
    else:
        yield f"{path} is no longer an environment file"


@dataclass(frozen=True, slots=True)
class _Platforms:
    """The platforms of locks: of the base by path, and of the head by environment file."""

    old: Mapping[str, frozenset[str]]
    new: Mapping[str, frozenset[str]]
    owners: Mapping[str, str]

    def of(self, path: str) -> frozenset[str]:
        return self.old.get(path, frozenset())

    def new_of(self, others: Sequence[Checked]) -> frozenset[str]:
        return frozenset().union(*(self.new.get(each.path, frozenset()) for each in others))

    def lost(self) -> Iterator[str]:
        """Yield the platforms that an environment is no longer locked for, if it has a lock at all."""
        for owner in dict.fromkeys(self.owners.values()):
            before = frozenset().union(*(self.of(path) for path, own in self.owners.items() if own == owner))
            gone = before - self.new.get(owner, frozenset())
            if gone and self.new.get(owner):
                yield f"{owner} is no longer locked for {', '.join(sorted(gone))}"


def _platforms(handoff: Handoff, sides: ComparedTrees, touched: Sequence[str]) -> _Platforms:
    owners = {sides.old_lock(checked): checked.path for checked in handoff.checked}
    owners |= {path: each.path for path in touched for each in handoff.checked if _owns(each, path)}
    moved = [path for path in owners if path in touched or path not in sides.new]
    old = {path: _platforms_of(sides.base.read(path), path) for path in moved}
    new: dict[str, frozenset[str]] = {}
    for checked in handoff.checked:
        text = (checked.committed or checked.lock).encode()
        if checked.path in {owners[path] for path in moved}:
            new[checked.path] = new.get(checked.path, frozenset()) | _platforms_of(text, checked.lock_path)
    return _Platforms(old, new, {path: owners[path] for path in moved})


def _platforms_of(content: bytes | None, path: str) -> frozenset[str]:
    """Return the platforms of a lock, none if it cannot be read, which is reported elsewhere."""
    try:
        return frozenset(parse_source((content or b"").decode("utf-8", "replace"), path).platforms)
    except LockstepError:
        return frozenset()


def _owns(checked: Checked, path: str) -> bool:
    return _is_lock_of(path, checked.path)


def _is_lock_of(path: str, file: str) -> bool:
    """Return whether a lock is an environment file's by its name: the one for all machines, or that of one."""
    lock, pure = PurePosixPath(path), PurePosixPath(file)
    if lock.parent != pure.parent:
        return False
    return path == lock_path(Path(file)).as_posix() or lock.name.startswith(f"{pure.stem}.")


def _renamed_with(checked: Checked, old_file: str) -> str:
    """Return the path of a lock as if it had been renamed together with its environment file."""
    old, new, lock = PurePosixPath(old_file), PurePosixPath(checked.path), PurePosixPath(checked.lock_path)
    if checked.lock_path == lock_path(Path(checked.path)).as_posix():
        return lock_path(Path(old_file)).as_posix()
    return (old.parent / (old.stem + lock.name.removeprefix(new.stem))).as_posix()
