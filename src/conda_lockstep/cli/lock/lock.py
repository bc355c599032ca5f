"""``lockstep lock``: solves environment files and writes their locks, or says whether they still fit."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.trust import Trust
from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.check.select import named, read_own
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import lock_path, machine_lock_path
from conda_lockstep.lock.pip.device_entries import requests_of
from conda_lockstep.lock.solve.cpu_fallback import cpu_builds
from conda_lockstep.lock.solve.dates import horizon_of, utc_now
from conda_lockstep.lock.solve.keep import NOTHING, UpdateRequest, previously_locked
from conda_lockstep.lock.solve.machines import MachineGroup, refuse_unknown
from conda_lockstep.lock.solve.solve import Horizon
from conda_lockstep.lock.update.lock_target import settings_of
from conda_lockstep.lock.update.make import Settings, Solvers, make_locks
from conda_lockstep.render import lock_text
from conda_lockstep.settings import load
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for. ``cuda`` and ``min_age`` None are what old lock and settings say."""

    platforms: Sequence[str] = ()
    cuda: str | None = None
    machine: str = ""
    update: Sequence[str] = ()
    update_all: bool = False
    exclude_newer: str = ""
    min_age: int | None = None
    allow_cpu: bool = False


def run(files: Sequence[Path], asked: Asked, trust: Trust) -> int:
    """Lock the files. Return the exit status."""
    solvers = Solvers()
    for path in files:
        file = read(path)
        config = load(resolve_path(path).parent, trust)
        refuse_unknown(asked.machine, config)
        _lock(file, path, asked, config, solvers)
    return 0


def _lock(file: EnvironmentFile, path: Path, asked: Asked, config: Config, solvers: Solvers) -> None:
    old = read_own(path, broken=_say_broken)
    min_age = config.min_age if asked.min_age is None else asked.min_age
    horizon = horizon_of(asked.exclude_newer, min_age, utc_now())
    settings = settings_of(
        file, config, [*old.values()], platforms=asked.platforms, cuda=asked.cuda, allow_cpu=asked.allow_cpu,
        horizon=horizon,
    )  # fmt: skip
    made = make_locks(file, settings, solvers.of(settings), [*old.values()], _update(asked, old))
    locks = {machine_lock_path(path, name): lock for name, lock in made.items()}
    chosen = {named(locks, asked.machine)} if asked.machine else set(locks)
    for target in sorted(chosen, key=lambda each: (each != lock_path(path), each)):
        _write(locks[target], target, old, settings)
    if not (asked.machine or asked.platforms):
        _remove({target: lock for target, lock in old.items() if target not in locks})
    _tell_differences([*locks.values()], settings.machines)
    if horizon.nearest:
        _tell_undated(path, [locks[target] for target in sorted(chosen)], horizon, [*old.values()])
    requests, machines = requests_of(file, settings.mirrors), settings.machines
    for notice in dict.fromkeys(notice for target in sorted(chosen) for notice in locks[target].notices):
        print(f"lockstep: {notice}", file=sys.stderr)
    builds = (build for target in sorted(chosen) for build in cpu_builds(locks[target], requests, machines))
    _complain(path, map(str, builds))


def _say_broken(path: Path, error: LockstepError) -> None:
    """Say that a lock is as good as none: it is written anew."""
    print(f"lockstep: {error.what} in the old {path}; writing it anew", file=sys.stderr)


def _update(asked: Asked, old: Mapping[Path, Lock]) -> UpdateRequest:
    """Return what may move. Raises ``LockstepError`` for a package that is in no lock."""
    if not (asked.update or asked.update_all):
        return NOTHING
    held = {name for lock in old.values() for packages in lock.platforms.values() for _, name in packages}
    named = {name.lower() if name.lower() in held else normalize(name) for name in asked.update}
    for name in sorted(named - held):
        from conda_lockstep.settings_reader import suggestion

        remedy = suggestion(name, held) if held else "there is no lock yet: leave out --update"
        raise LockstepError(f"'{name}' is not in the lock, so it cannot be updated", remedy=remedy)
    return UpdateRequest(frozenset(named), asked.update_all, asked.machine)


def _write(lock: Lock, target: Path, old: Mapping[Path, Lock], settings: Settings) -> None:
    text = cep37.render(lock)
    unchanged = target.is_file() and target.read_bytes() == text.encode()
    if not unchanged:
        write_text(target, text)
    for line in lock_text.summary(target, lock, settings.machines):
        print(line)
    if unchanged:
        print("  unchanged")
    elif old:
        _tell_drift(cep37.parse(text, str(target)), target, [*old.values()])


def _tell_drift(new: Lock, path: Path, old: Sequence[Lock]) -> None:
    """Print what changed, both sides as a file holds them: what only the solver knows is no change."""
    from conda_lockstep.drift.compare.compare import compare
    from conda_lockstep.drift.compare.operands import Operand, from_lock
    from conda_lockstep.render.drift import text as drift_text

    before = {}
    for platform in new.platforms:
        packages = previously_locked(old, MachineGroup(platform, (), _named(new, platform)))
        if packages:
            before[platform] = packages
    if not before:
        return
    report = compare(
        Operand(f"{path} as it was", "conda-lock", before), from_lock(new, str(path)), name=str(path)
    )
    if report.rows:
        print(f"\n{drift_text.render(report, colour=sys.stdout.isatty())}", end="")


def _named(lock: Lock, platform: str) -> tuple[DeclaredMachine, ...]:
    return tuple(DeclaredMachine(name, platform) for name in metadata.machines_of(lock, platform))


def _remove(locks: Mapping[Path, Lock]) -> None:
    """Remove locks of ours that no machine has any more: what lies there is taken for what holds."""
    for path, lock in sorted(locks.items()):
        if cep37.is_ours(read_text(path), lock):
            path.unlink()
            print(f"{path}: removed: it is no machine's lock any more")


def _tell_differences(locks: Sequence[Lock], machines: Sequence[DeclaredMachine]) -> None:
    if len(locks) < 2:
        return
    from conda_lockstep.drift.fleet.between_machines import differences, lines

    for difference in differences(locks, machines):
        for line in lines(difference):
            print(line)


def _tell_undated(path: Path, locks: Sequence[Lock], horizon: Horizon, old: Sequence[Lock]) -> None:
    """Say which packages have no date; where only new ones must be old enough, of those."""
    until = f"{horizon.nearest:%Y-%m-%d}"
    before = () if horizon.all else (packages for lock in old for packages in lock.platforms.values())
    known = {package.url for packages in before for package in packages.values()}
    _complain(path, (line for lock in locks for line in lock_text.undated(lock, until, known=known)))


def _complain(path: Path, lines: Iterator[str]) -> None:
    for line in lines:
        print(f"lockstep: {path}: {line}", file=sys.stderr)
