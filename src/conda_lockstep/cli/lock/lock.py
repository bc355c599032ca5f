"""``lockstep lock``: solves environment files and writes their locks, or checks that they still fit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.conda.trust import TRUSTED, Trust
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.config import Config, DeclaredMachine
    from conda_lockstep.environment.environment_file import EnvironmentFile
    from conda_lockstep.lock.model.lock import Lock
    from conda_lockstep.lock.solve.keep import UpdateRequest
    from conda_lockstep.lock.solve.solve import Horizon
    from conda_lockstep.lock.update.make import Settings, Solvers


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="environment file or folder; default: environment.yml, with --check every locked file here",
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="a platform such as linux-64; may be repeated",
    )
    parser.add_argument("--cuda", metavar="X.Y", help="the newest CUDA that the machines' driver supports")
    parser.add_argument(
        "--machine", metavar="NAME", default="", help="lock only for this machine from the settings"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check that the lock still fits, without network; exit 1 if it does not",
    )
    parser.add_argument(
        "--update",
        action="append",
        default=[],
        metavar="PKG",
        help="update this package and its dependencies; may be repeated",
    )
    parser.add_argument("--update-all", action="store_true", help="update every package")
    parser.add_argument(
        "--exclude-newer", metavar="DATE", default="", help="ignore packages published after this date (UTC)"
    )
    parser.add_argument(
        "--min-age", type=_days, metavar="DAYS", help="add no package published within this many days"
    )
    parser.add_argument("--allow-cpu", action="store_true", help="allow CPU builds where CUDA is required")
    parser.add_argument(
        "--allow-build",
        action="append",
        default=[],
        metavar="PROJECT",
        help="run the code of this local or git project to read its metadata; may be repeated",
    )
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if arguments.check:
        return check_locks(arguments.files, names(arguments.platform), arguments.machine)
    options = LockOptions(
        platforms=names(arguments.platform),
        cuda=arguments.cuda,
        machine=arguments.machine,
        update=names(arguments.update),
        update_all=arguments.update_all,
        exclude_newer=arguments.exclude_newer,
        min_age=arguments.min_age,
        allow_cpu=arguments.allow_cpu,
        allow_build=arguments.allow_build,
        colour=terminal.use_color(arguments.color),
    )
    return lock_files(arguments.files, options, TRUSTED)


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of days")
    return int(text)


class LockOptions(NamedTuple):
    """The command line's options. ``cuda`` and ``min_age`` None keep the values of the old lock and the settings."""

    platforms: Sequence[str] = ()
    cuda: str | None = None
    machine: str = ""
    update: Sequence[str] = ()
    update_all: bool = False
    exclude_newer: str = ""
    min_age: int | None = None
    allow_cpu: bool = False
    allow_build: Sequence[str] = ()
    colour: bool = False


def lock_files(files: Sequence[Path], options: LockOptions, trust: Trust) -> int:
    """Lock the files, by default ``environment.yml``; every file is tried. Return the exit status.

    ``trust`` is how far their settings and the files are trusted.
    """
    from conda_lockstep.cli.which_files import environment_files_for, for_each
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lock.model.paths import DEFAULT_FILE
    from conda_lockstep.lock.solve.machines import refuse_unknown
    from conda_lockstep.lock.update.make import Solvers
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    solvers = Solvers()

    def lock(path: Path) -> int:
        file = read(path)
        config = load(resolve_path(path).parent, trust)
        refuse_unknown(options.machine, config)
        _lock(file, path, options, config, solvers)
        return 0

    return for_each(*environment_files_for(files or [DEFAULT_FILE]), lock)


def _lock(file: EnvironmentFile, path: Path, options: LockOptions, config: Config, solvers: Solvers) -> None:
    from conda_lockstep.lock.check.select import named, read_own
    from conda_lockstep.lock.model.paths import lock_path, machine_lock_path
    from conda_lockstep.lock.pip.device_entries import requests_of
    from conda_lockstep.lock.solve.cpu_fallback import cpu_builds
    from conda_lockstep.lock.solve.dates import horizon_of, utc_now
    from conda_lockstep.lock.update.lock_target import settings_of
    from conda_lockstep.lock.update.make import make_locks

    old = read_own(path, broken=_warn_broken)
    min_age = config.min_age if options.min_age is None else options.min_age
    horizon = horizon_of(options.exclude_newer, min_age, utc_now())
    settings = settings_of(
        file, config, [*old.values()], platforms=options.platforms, cuda=options.cuda, allow_cpu=options.allow_cpu,
        allow_build=options.allow_build, horizon=horizon,
    )  # fmt: skip
    made = make_locks(file, settings, solvers.of(settings), [*old.values()], _update(options, old))
    locks = {machine_lock_path(path, name): lock for name, lock in made.items()}
    chosen = {named(locks, options.machine)} if options.machine else set(locks)
    for target in sorted(chosen, key=lambda each: (each != lock_path(path), each)):
        _write(locks[target], target, old, settings, options.colour)
    if not (options.machine or options.platforms):
        _remove({target: lock for target, lock in old.items() if target not in locks})
    _print_differences([*locks.values()], settings.machines)
    if horizon.nearest:
        _warn_undated(path, [locks[target] for target in sorted(chosen)], horizon, [*old.values()])
    requests, machines = requests_of(file, settings.mirrors), settings.machines
    for notice in dict.fromkeys(notice for target in sorted(chosen) for notice in locks[target].notices):
        print(f"lockstep: {notice}", file=sys.stderr)
    builds = (build for target in sorted(chosen) for build in cpu_builds(locks[target], requests, machines))
    _warn(path, map(str, builds))


def _warn_broken(path: Path, error: LockstepError) -> None:
    """Say that a lock is as good as none: it is written anew."""
    print(f"lockstep: {error.what} in the old {path}; writing it anew", file=sys.stderr)


def _update(options: LockOptions, old: Mapping[Path, Lock]) -> UpdateRequest:
    """Return what may move. Raises ``LockstepError`` for a package that is in no lock."""
    from conda_lockstep.conda.project_names import normalize
    from conda_lockstep.lock.solve.keep import NOTHING, UpdateRequest

    if not (options.update or options.update_all):
        return NOTHING
    held = {name for lock in old.values() for packages in lock.platforms.values() for _, name in packages}
    requested = {name.lower() if name.lower() in held else normalize(name) for name in options.update}
    for name in sorted(requested - held):
        from conda_lockstep.settings_reader import suggestion

        remedy = suggestion(name, held) if held else "no lock found: leave out --update"
        raise LockstepError(f"'{name}' is not in the lock, so it cannot be updated", remedy=remedy)
    return UpdateRequest(frozenset(requested), options.update_all, options.machine)


def _write(lock: Lock, target: Path, old: Mapping[Path, Lock], settings: Settings, colour: bool) -> None:
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.render import lock_text
    from conda_lockstep.text.atomic import write_text

    text = cep37.render(lock)
    unchanged = target.is_file() and target.read_bytes() == text.encode()
    if not unchanged:
        write_text(target, text)
    for line in lock_text.summary(target, lock, settings.machines):
        print(line)
    if unchanged:
        print("  unchanged")
    elif old:
        _print_drift(cep37.parse(text, str(target)), target, [*old.values()], colour)


def _print_drift(new: Lock, path: Path, old: Sequence[Lock], colour: bool) -> None:
    """Print what changed, both sides as a file holds them: what only the solver knows is no change."""
    from conda_lockstep.drift.compare.compare import compare
    from conda_lockstep.drift.compare.operands import Operand, from_lock
    from conda_lockstep.lock.solve.keep import previously_locked
    from conda_lockstep.lock.solve.machines import MachineGroup
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
        terminal.write_text(f"\n{drift_text.render(report, colour=colour)}")


def _named(lock: Lock, platform: str) -> tuple[DeclaredMachine, ...]:
    from conda_lockstep.config import DeclaredMachine
    from conda_lockstep.lock.model import metadata

    return tuple(DeclaredMachine(name, platform) for name in metadata.machines_of(lock, platform))


def _remove(locks: Mapping[Path, Lock]) -> None:
    """Remove locks of ours that no machine has any more: what lies there is taken for what holds."""
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.text.bounded_text import read_text

    for path, lock in sorted(locks.items()):
        if cep37.is_ours(read_text(path), lock):
            path.unlink()
            print(f"{path}: removed: no machine uses this lock anymore")


def _print_differences(locks: Sequence[Lock], machines: Sequence[DeclaredMachine]) -> None:
    if len(locks) < 2:
        return
    from conda_lockstep.drift.fleet.between_machines import differences, lines

    for difference in differences(locks, machines):
        for line in lines(difference):
            print(line)


def _warn_undated(path: Path, locks: Sequence[Lock], horizon: Horizon, old: Sequence[Lock]) -> None:
    """Say which packages have no date; where only new ones must be old enough, of those."""
    from conda_lockstep.render import lock_text

    until = f"{horizon.nearest:%Y-%m-%d}"
    before = () if horizon.all else (packages for lock in old for packages in lock.platforms.values())
    known = {package.url for packages in before for package in packages.values()}
    _warn(path, (line for lock in locks for line in lock_text.undated(lock, until, known=known)))


def _warn(path: Path, lines: Iterator[str]) -> None:
    for line in lines:
        print(f"lockstep: {path}: {line}", file=sys.stderr)


def check_locks(files: Sequence[Path], platforms: Sequence[str] = (), machine: str = "") -> int:
    """Check the locks of the files, by default of all that have one, or only those for a declared machine.

    Return 2 if a file or a lock cannot be read, 1 if a lock is stale, else 0.
    """
    from conda_lockstep.cli.which_files import for_each, locked_files_for

    return for_each(*locked_files_for(files), lambda path: _check(path, platforms, machine))


def _check(path: Path, platforms: Sequence[str], machine: str) -> int:
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lock.check.integrity import integrity_notes
    from conda_lockstep.lock.check.select import named, read_own
    from conda_lockstep.lock.check.status import stale_reasons, verdict
    from conda_lockstep.lock.model.paths import lock_path
    from conda_lockstep.lock.solve.machines import refuse_unknown
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    file, config = read(path), load(resolve_path(path).parent, TRUSTED)
    refuse_unknown(machine, config)
    locks = read_own(path)
    if not locks:
        remedy = f"run: lockstep lock {path}"
        raise LockstepError("no lock found", where=str(lock_path(path)), remedy=remedy)
    found = stale_reasons(file, locks, config, platforms)
    if machine:
        own = named(locks, machine)
        found = {own: found[own]}
    for reasons in found.values():
        for reason in reasons:
            print(f"{reason}")
    for target in found:
        for note in integrity_notes(locks[target]) if target in locks else ():
            print(f"lockstep: {target}: {note}; run: lockstep lock {path}", file=sys.stderr)
    stale = {target: reasons for target, reasons in found.items() if reasons}
    for target, reasons in stale.items():
        print(f"lockstep: {target} {verdict(reasons, path)}; run: lockstep lock {path}", file=sys.stderr)
    if stale:
        return 1
    for target in found:
        print(f"{target} fits {path}")
    return 0
