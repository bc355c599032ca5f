"""The locks beside an environment file: whether each fits it and is sound, and whether each machine has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.cpu_builds import cpu_reasons
from conda_lockstep.lock.check.integrity import integrity_faults, machine_wheel_faults
from conda_lockstep.lock.check.pip_edges import pip_faults
from conda_lockstep.lock.check.satisfiability import Reason, beyond_machine, broken_edges, is_satisfied
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import lock_path, machine_lock_path
from conda_lockstep.lock.solve.machines import expected_platforms, lacking, machines_for, virtual_packages_of


def stale_reasons(
    file: EnvironmentFile,
    locks: Mapping[Path, Lock],
    config: Config,
    requested: Sequence[str] = (),
    *,
    content_hash: bool = True,
) -> dict[Path, list[Reason]]:
    """Return by lock why it does not fit the file or the settings, or is damaged; a lock that fits has no reasons.

    ``requested`` are the platforms that there must be; without any, those of the file and the settings. Without
    ``content_hash``, that is left to the caller. Raises
    ``LockstepError`` where the environment file itself cannot be read as one.
    """
    expected = expected_platforms(file, requested, config)
    common = lock_path(Path(file.path))
    apart = {platform for path, lock in locks.items() if path != common for platform in lock.platforms}
    found = {}
    for path, lock in locks.items():
        wanted = set(expected) - apart if path == common else set(lock.platforms)
        reasons = []
        if path == common and expected and not wanted:
            reasons.append(Reason("each of its platforms has locks for its machines: delete it", str(path)))
        elif path != common and expected and not wanted <= set(expected):
            reasons.append(
                Reason(f"the lock is for {', '.join(sorted(wanted))}, which is not requested", str(path))
            )
        reasons += lock_reasons(file, path, lock, config, expected, sorted(wanted), content_hash=content_hash)
        found[path] = reasons
    for path, reason in _unlocked(file, locks, config, expected):
        found.setdefault(path, []).append(reason)
    return found


def lock_reasons(
    file: EnvironmentFile,
    path: Path,
    lock: Lock,
    config: Config,
    expected: Sequence[str] = (),
    platforms: Sequence[str] = (),
    *,
    content_hash: bool = True,
) -> list[Reason]:
    """Return why one lock does not fit, whatever other locks there are; see :func:`stale_reasons`.

    ``expected`` are the platforms of all locks, by default its own. ``platforms`` are those that this lock must have;
    without any, each will do.
    """
    mirrors = Mirrors(config.mirrors, config.trust)
    faults = (
        fault
        for platform in lock.platforms
        for fault in integrity_faults(lock, platform, content_hash=content_hash)
    )
    return [
        *_machines(path, lock, config, expected or tuple(lock.platforms)),
        *is_satisfied(file, lock, platforms=platforms, mirrors=mirrors),
        *(Reason(fault, str(path), is_damage=True) for fault in faults),
        *cpu_reasons(file, lock, config),
    ]


def own_faults(lock: Lock, platform: str) -> Iterator[str]:
    """Yield what is wrong with a platform of a lock whose environment file is not known: it does not fit together."""
    for edge in broken_edges(lock, platform):
        if not edge.is_constraint:
            yield f"{edge}; the lock for {platform} has {edge.held or 'none'}"
    yield from pip_faults(lock.platforms[platform], platform)
    yield from beyond_machine(lock, platform)
    yield from integrity_faults(lock, platform)


def verdict(reasons: Sequence[Reason], file: Path) -> str:
    """Say in a few words what the reasons against a lock add up to: it is damaged, or does not fit, or both."""
    stale = f"no longer fits {file}"
    if not any(reason.is_damage for reason in reasons):
        return stale
    return "is damaged" if all(reason.is_damage for reason in reasons) else f"is damaged and {stale}"


def _machines(path: Path, lock: Lock, config: Config, expected: Sequence[str]) -> Iterator[Reason]:
    """Yield where the machines of a lock are not those of the settings."""
    for platform in sorted(lock.platforms):
        declared = {
            machine.name: machine
            for machine in machines_for(config, expected)
            if machine.platform == platform
        }
        names = metadata.machines_of(lock, platform)
        for name in names:
            if name not in declared:
                yield Reason(
                    f"the lock is for the machine '{name}' ({platform}), which the settings do not have",
                    str(path),
                )
        if declared and not names:
            what = f"the settings have machines for {platform} ({', '.join(declared)}); the lock was made for none"
            yield Reason(what, str(path))
        known = [declared[name] for name in names if name in declared]
        yield from (Reason(what, str(path)) for what in _changed(lock, platform, known))


def _changed(lock: Lock, platform: str, machines: Sequence[DeclaredMachine]) -> Iterator[str]:
    """Yield what machines lack of what a lock's packages need, or have that it was not solved for."""
    needs, allows = metadata.needs_of(lock, platform), metadata.allows_of(lock, platform)
    for machine in machines:
        lacks = lacking(virtual_packages_of(machine), needs, allows)
        if lacks:
            yield f"the packages for {platform} need {', '.join(lacks)}; '{machine.name}' does not have that"
        recorded = metadata.machine_of(lock, platform)
        if virtual_packages_of(machine) != recorded:
            known = set(machine_wheel_faults(lock, platform, recorded))
            for fault in machine_wheel_faults(lock, platform, virtual_packages_of(machine)):
                if fault not in known:
                    yield f"{fault}: the machine '{machine.name}'"
    with_gpu = [machine for machine in machines if machine.driver or machine.cuda]
    solved_for_gpu = any(fact.name == "__cuda" for fact in metadata.machine_of(lock, platform))
    if machines and len(with_gpu) == len(machines) and not solved_for_gpu:
        yield f"'{with_gpu[0].name}' has a GPU; the lock for {platform} was made for machines without"


def _unlocked(
    file: EnvironmentFile, locks: Mapping[Path, Lock], config: Config, expected: Sequence[str]
) -> Iterator[tuple[Path, Reason]]:
    """Yield the machines that no lock names, or more than one."""
    for machine in machines_for(config, expected):
        holders = [
            path
            for path, lock in locks.items()
            if machine.name in metadata.machines_of(lock, machine.platform)
        ]
        if not holders:
            path = machine_lock_path(Path(file.path), machine.name)
            what = f"no lock is for the machine '{machine.name}' ({machine.platform})"
            yield path, Reason(what, file.path)
        for path in holders[1:]:
            yield (
                path,
                Reason(f"the machine '{machine.name}' is in {holders[0].name}, too", str(path)),
            )
