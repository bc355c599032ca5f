"""``lockstep merge-driver``: merges locks for git; see docs/why.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.cli.lock.merge_driver.merge_sides import Merge
    from conda_lockstep.environment.environment_file import EnvironmentFile
    from conda_lockstep.lock.model.lock import Lock
    from conda_lockstep.lock.update.merge import Merged


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("base", type=Path, help="%%O: the lock that both sides come from; may be empty")
    parser.add_argument("ours", type=Path, help="%%A: our lock; the result is written to it")
    parser.add_argument("theirs", type=Path, help="%%B: their lock")
    parser.add_argument("path", type=Path, help="%%P: the lock's path in the repository")
    parser.add_argument("--marker-size", type=int, default=7, metavar="N", help="%%L: of conflict markers")
    parser.add_argument("--offline", action="store_true", help="never solve: leave a conflict instead")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return merge_locks(
        (arguments.base, arguments.ours, arguments.theirs),
        path=arguments.path,
        marker_size=arguments.marker_size,
        offline=arguments.offline,
    )


MERGED, CONFLICT = 0, 1
SHOWN = 5
"""How many reasons for a conflict are told."""


class Sides(NamedTuple):
    """The locks of a merge; ``base`` is None where the sides have no lock in common."""

    base: Lock | None
    ours: Lock
    theirs: Lock


def merge_locks(files: Sequence[Path], *, path: Path, marker_size: int, offline: bool) -> int:
    """Merge the locks of ``files`` (base, ours, theirs) into the second; return 1 where it is left in conflict.

    Whatever fails ends as a conflict: git takes any other exit for a driver that is broken, and stops the merge.
    """
    from conda_lockstep.cli.lock.merge_driver.merge_sides import Merge, merge_text
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.model.paths import environment_of
    from conda_lockstep.lock.update.merge import merge
    from conda_lockstep.lock.update.merge_text import conflict
    from conda_lockstep.text.atomic import write_text

    sides = _read(files)
    if sides is None:
        clean = merge_text(files, marker_size)
        _warn(path, "not written by lockstep on both sides: merged as any text")
        return MERGED if clean else CONFLICT
    merged = merge(*sides)
    try:
        lock, message = _fitting(merged, sides, Merge(path, *files), path, offline=offline)
    except LockstepError as error:
        lock, message = None, [str(error)]
    except ModuleNotFoundError as error:
        lock, message = None, [f"needs {error.name}; run: pip install 'conda-lockstep[solve]'"]
    left = len(message) - SHOWN - 1
    for line in [*message[:SHOWN], f"… and {left} more", message[-1]] if left > 0 else message:
        _warn(path, line)
    if lock is not None:
        write_text(files[1], cep37.render(lock))
        return MERGED
    write_text(files[1], conflict(merged, sides.ours, sides.theirs, size=marker_size))
    file = environment_of(path)
    _warn(path, f"left in conflict: take either side whole, then run: lockstep lock {file or ''}".rstrip())
    return CONFLICT


def _read(files: Sequence[Path]) -> Sides | None:
    """Read the three locks; None where one of the two sides is not of our writing, or no lock."""
    base, ours, theirs = (_lock(each) for each in files)
    if ours is None or theirs is None or not (ours[1] and theirs[1]):
        return None
    return Sides(base[0] if base else None, ours[0], theirs[0])


def _lock(path: Path) -> tuple[Lock, bool] | None:
    """Read a lock, and say whether it is of our writing; None for what is none, such as an absent base."""
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.text.bounded_text import read_text

    try:
        text = read_text(path)
        lock = cep37.parse(text, str(path))
    except LockstepError:
        return None
    return lock, cep37.is_ours(text, lock)


def _fitting(
    merged: Merged, sides: Sides, git: Merge, path: Path, *, offline: bool
) -> tuple[Lock | None, list[str]]:
    """Return a lock that fits together and fits the environment file, else None; and what is to be told."""
    from conda_lockstep.lock.check.integrity import integrity_notes
    from conda_lockstep.lock.check.status import lock_reasons, own_faults
    from conda_lockstep.lock.explain.why import entries_of
    from conda_lockstep.lock.model.paths import lock_path
    from conda_lockstep.lock.solve.machines import expected_platforms
    from conda_lockstep.lock.update.complete_merge import complete
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    config = load(resolve_path(path).parent, TRUSTED)
    file, note = _environment(path, git)
    roots = [entry.key for entry in entries_of(file)] if file else None
    lock = complete(merged, (sides.ours, sides.theirs), roots)
    reasons = merged.reasons
    if not reasons and file:
        own = path.name == lock_path(Path(file.path)).name
        expected = expected_platforms(file, (), config)
        found = lock_reasons(file, path, lock, config, expected, expected if own else ())
        reasons = [str(reason) for reason in found]
    elif not reasons:
        reasons = [fault for platform in lock.platforms for fault in own_faults(lock, platform)]
    if not reasons:
        return lock, [f"merged, {_counted(sides, lock)}", *integrity_notes(lock), *note]
    if file is None or offline or merged.head or path.name != lock_path(Path(file.path)).name:
        return None, [*reasons, *note]
    try:
        solved = _solved(file, lock, path)
    except LockstepError as error:
        return None, [*reasons, f"not solved anew: {error}"]
    return solved, [*reasons, f"solved anew, {_counted(sides, solved)}"]


def _solved(file: EnvironmentFile, lock: Lock, path: Path) -> Lock:
    """Solve anew what clashes; what both sides agree on stays where it fits."""
    from conda_lockstep.lock.solve.dates import horizon_of, utc_now
    from conda_lockstep.lock.update.lock_target import settings_of
    from conda_lockstep.lock.update.make import make_locks
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    config = load(resolve_path(path).parent, TRUSTED)
    horizon = horizon_of("", config.min_age, utc_now())
    locks = make_locks(file, settings_of(file, config, (lock,), horizon=horizon), old=(lock,))
    if "" not in locks:
        raise LockstepError("the machines need locks of their own now")
    return locks[""]


def _environment(path: Path, git: Merge) -> tuple[EnvironmentFile | None, list[str]]:
    """Return the environment file as this merge will have it, else None and why the lock is not checked against it."""
    from conda_lockstep.environment.reader import parse
    from conda_lockstep.lock.model.paths import environment_of

    file = environment_of(path)
    if file is None:
        return None, []
    text, why = git.merged(file)
    if text is None:
        return None, [f"not checked against {file}, {why}; run: lockstep lock --check {file}"]
    return parse(text, str(file)), []


def _counted(sides: Sides, lock: Lock) -> str:
    """Say how much of a lock is whose."""
    ours, theirs, both = (
        sum(len(packages) for packages in each)
        for each in (
            [_new(lock, sides.ours, platform) for platform in lock.platforms],
            [_new(lock, sides.theirs, platform) for platform in lock.platforms],
            lock.platforms.values(),
        )
    )
    return f"{both} packages: {ours} not as ours has them, {theirs} not as theirs has them"


def _new(lock: Lock, side: Lock, platform: str) -> list[object]:
    from conda_lockstep.packages import PackageSet

    held = side.platforms.get(platform, PackageSet())
    return [package for key, package in lock.platforms[platform].items() if held.get(key) != package]


def _warn(path: Path, what: str) -> None:
    print(f"lockstep: {path}: {what}", file=sys.stderr)
