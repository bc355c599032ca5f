"""``lockstep lock``: solves environment files and writes their locks, or says whether they still fit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.atomic import write_text
from conda_lockstep.config import Config, load
from conda_lockstep.environment.document import EnvironmentFile, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock import cep37, gpu, metadata, virtual
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.make import make_lock, solver_for
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.paths import lock_path
from conda_lockstep.lock.solve import Solver
from conda_lockstep.lock.targets import expected_platforms, settings_of
from conda_lockstep.lock.wanted import wanted

DEFAULT_FILE = Path("environment.yml")


_KEPT: list[Solver] = []
"""The solvers of the last run: to free a channel's index takes longer than all that is left to do after a solve."""


def run(files: Sequence[Path], platforms: Sequence[str], cuda: str | None, *, check: bool) -> int:
    """Lock the files, ``environment.yml`` where none is named. Exit status 1 where ``check`` finds a stale lock."""
    status = 0
    solvers: dict[str, Solver] = {}
    for path in files or [DEFAULT_FILE]:
        file = read(path)
        config = load(path.resolve().parent)
        if check:
            status = max(status, _check(file, path, platforms, config))
        else:
            _lock(file, path, platforms, cuda, config, solvers)
    _KEPT[:] = solvers.values()
    return status


def _lock(
    file: EnvironmentFile,
    path: Path,
    platforms: Sequence[str],
    cuda: str | None,
    config: Config,
    solvers: dict[str, Solver],
) -> None:
    target = lock_path(path)
    old = _old_lock(target)
    settings = settings_of(file, config, old, platforms=platforms, cuda=cuda)
    # Files with the same mirrors read each channel once.
    solver = solvers.get(repr(config.mirrors)) or solver_for(settings)
    solvers[repr(config.mirrors)] = solver
    lock = make_lock(file, settings, solver)
    text = cep37.render(lock)
    unchanged = old is not None and target.read_bytes() == text.encode()
    write_text(target, text)
    _report(lock, target)
    if unchanged:
        print("  unchanged")
    elif old is not None and old.platforms.keys() & lock.platforms.keys():
        _report_drift(old, cep37.parse(text, str(target)), target)
    for notice in lock.notices:
        print(f"lockstep: {notice}", file=sys.stderr)
    for build in gpu.cpu_builds(lock, wanted(file, settings.mirrors)):
        print(f"lockstep: {path}: {build}", file=sys.stderr)


def _read_lock(path: Path, file: Path) -> Lock:
    if not path.exists():
        raise LockstepError("there is no lock yet", where=str(path), remedy=f"run: lockstep lock {file}")
    return cep37.read(path)


def _old_lock(path: Path) -> Lock | None:
    """Return the lock that is there; a broken one is as good as none, since it is written anew."""
    try:
        return cep37.read(path) if path.exists() else None
    except LockstepError as error:
        print(f"lockstep: {error.what} in the old {path}; writing it anew", file=sys.stderr)
        return None


def _report(lock: Lock, path: Path) -> None:
    for platform, packages in sorted(lock.platforms.items()):
        pip = len(packages.only("pip"))
        count = f"{len(packages)} packages" + (f", {pip} of them by pip" if pip else "")
        print(f"{path}: {platform}: {count} ({packages.environment_id})")
        print(f"  for a machine with {virtual.to_text(metadata.machine_of(lock, platform))}")


def _report_drift(old: Lock, new: Lock, path: Path) -> None:
    """Print what changed, both sides as a file holds them: what only the solver knows is no change."""
    from conda_lockstep.drift.compare import compare
    from conda_lockstep.drift.source import from_lock
    from conda_lockstep.report import drift_text

    report = compare(from_lock(old, f"{path} as it was"), from_lock(new, str(path)), name=str(path))
    if report.rows:
        print(f"\n{drift_text.render(report, colour=sys.stdout.isatty())}", end="")


def _check(file: EnvironmentFile, path: Path, platforms: Sequence[str], config: Config) -> int:
    from conda_lockstep.lock.check import is_satisfied

    target = lock_path(path)
    expected = expected_platforms(file, platforms, config)
    reasons = is_satisfied(
        file, _read_lock(target, path), platforms=expected, mirrors=Mirrors(config.mirrors)
    )
    for reason in reasons:
        print(f"{reason}")
    if reasons:
        print(f"lockstep: {target} no longer fits {path}; run: lockstep lock {path}", file=sys.stderr)
        return 1
    print(f"{target} fits {path}")
    return 0
