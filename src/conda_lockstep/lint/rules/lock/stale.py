"""Missing and stale locks of environment files, found by static satisfiability: no solve, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.conda.trust import Trust
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lint.engine.registry import Problem, rule
from conda_lockstep.lock.model.paths import lock_path, locks_of
from conda_lockstep.settings import load
from conda_lockstep.text.resolve_path import resolve_path
from conda_lockstep.text.source import Span

if TYPE_CHECKING:
    from conda_lockstep.lock.model.lock import Lock


@rule("missing-lock", "warning", default=False)
def missing_lock(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file has no lock: each machine solves it again, at another time."""
    file = Path(entries.file.path)
    if not locks_of([file])[file]:
        message = f"{lock_path(file).name} does not exist: each machine solves the file again"
        yield Problem(
            _dependencies(entries.file), message, f"create a lock and commit it; run: lockstep lock {file}"
        )


@rule("stale-lock", "error", requires_solver=True)
def stale_lock(entries: Entries, config: Config) -> Iterator[Problem]:
    """The lock no longer satisfies the file: the installed packages are not the requested ones."""
    file = Path(entries.file.path)
    locks: dict[Path, Lock] = {}
    for path in locks_of([file])[file]:
        try:
            lock = _own_lock(file, path)
        except LockstepError as error:
            yield _unreadable(entries.file, path, error)
            continue
        if lock is not None:
            locks[path] = lock
    if not locks:
        return
    try:
        yield from _stale(entries.file, locks, config.trust)
    except LockstepError as error:
        yield _unreadable(entries.file, next(iter(locks)), error)


def _own_lock(file: Path, path: Path) -> Lock | None:
    """Read a lock; None if another tool made it from several files or another file, which have its other requests."""
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.text.bounded_text import read_text

    text = read_text(path)
    lock = cep37.parse(text, str(path))
    is_own = cep37.is_ours(text, lock) or [Path(source).name for source in lock.sources] == [file.name]
    return lock if is_own else None


def _stale(file: EnvironmentFile, locks: Mapping[Path, Lock], trust: Trust) -> Iterator[Problem]:
    from conda_lockstep.lock.check.status import stale_reasons

    # The same settings as for 'lockstep lock --check'; hand-edited-lock reports a content_hash of other packages.
    settings = load(resolve_path(Path(file.path)).parent, trust)
    found = stale_reasons(file, locks, settings, content_hash=False)
    for path, reasons in found.items():
        by_place: dict[Location | str, list[str]] = {}
        for reason in reasons:
            is_here = not isinstance(reason.where, Location) or reason.where.path == file.path
            by_place.setdefault(reason.where, []).append(reason.what if is_here else str(reason))
        for where, what in by_place.items():
            more = f" (and {len(what) - 1} more)" if len(what) > 1 else ""
            which = f"{path.name}: " if len(locks) > 1 or where == str(path) else ""
            yield Problem(_span(file, where), f"{which}{what[0]}{more}", f"run: lockstep lock {file.path}")


def _unreadable(file: EnvironmentFile, path: Path, error: LockstepError) -> Problem:
    """Report that the check is not possible: the lock is broken, or no lock can be made from the file."""
    where = error.where if isinstance(error.where, Location) and error.where.path == file.path else ""
    what = error.what if where else f"{error.where}: {error.what}"
    message = f"cannot check {path.name}: {what}"
    return Problem(_span(file, where), message, error.remedy or f"run: lockstep lock {file.path}")


def _span(file: EnvironmentFile, where: Location | str) -> Span:
    """Return the span of the entry that starts at a location, or that of the 'dependencies' key if there is none."""
    if not isinstance(where, Location) or not where.line or where.path != file.path:
        return _dependencies(file)
    start = file.source.line_starts[where.line - 1] + max(where.column - 1, 0)
    channels = file.key("channels")
    if channels and start == file.channels.span.start:
        return channels.key.span
    items = (*file.conda_items, *file.pip_items, *(section.key for section in file.pip_sections))
    found = (item.span for item in items if item.span.start <= start < item.span.end)
    return next(found, file.source.rest_of_line(start))


def _dependencies(file: EnvironmentFile) -> Span:
    key = file.key("dependencies")
    return key.key.span if key else Span(0, 0)
