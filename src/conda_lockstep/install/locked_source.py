"""What a command installs from: the lock that was named, or the one of an environment file, for this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.conda.trust import Trust
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors, channels_of
from conda_lockstep.lock.check import select
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import environment_of, is_lock, lock_path
from conda_lockstep.packages import PackageSet
from conda_lockstep.settings import load
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class LockSource:
    """A lock, the file that it is in, and how its packages are got.

    ``allow_build`` are the projects whose builds the settings allow, none where they are not trusted.
    """

    lock: Lock
    file: Path
    mirrors: Mirrors
    access: Access
    allow_build: tuple[str, ...] = ()
    environment: Path | None = None

    @property
    def here(self) -> PackageSet:
        """Return the packages of this machine's platform. Raises ``LockstepError`` where there are none."""
        platform = this_platform()
        if platform not in self.lock.platforms:
            known = ", ".join(sorted(self.lock.platforms))
            what = f"the lock is for {known}, this machine is {platform}"
            raise LockstepError(
                what, where=str(self.file), remedy=f"run: lockstep lock --platform {platform}"
            )
        return self.lock.platforms[platform]


def read_locked(
    path: Path, trust: Trust, *, machine: str = "", solve: Callable[[Path], object] | None = None
) -> LockSource:
    """Read a lock, or that of an environment file, which must fit; ``solve`` makes one where there is none.

    Of several locks it is the one that names ``machine``, or the one that fits this node. Raises ``LockstepError``
    where there is no lock, or where it no longer fits its file.
    """
    config = load(resolve_path(path).parent, trust)
    mirrors = Mirrors(config.mirrors, trust)
    allowed = () if trust.distrust else config.allow_build
    if is_lock(path.name):
        beside = environment_of(path)
        given = LockSource(cep37.read(path), path, mirrors, _access(beside, mirrors), allowed, beside)
        _refuse_damaged(given)
        return given
    from conda_lockstep.lock.check.status import lock_reasons, verdict

    environment = read(path)
    remedy = f"run: lockstep lock {path}"
    locks = select.read_own(path)
    if not locks and solve:
        solve(path)
        locks = select.read_own(path)
    if not locks:
        raise LockstepError("no lock found", where=str(lock_path(path)), remedy=remedy)
    file = _chosen(locks, machine)
    locked = LockSource(locks[file], file, mirrors, _access(path, mirrors), allowed, path)
    _ = locked.here  # what is for another platform need not be looked at
    reasons = lock_reasons(environment, file, locked.lock, config)
    if reasons:
        what = f"the lock {verdict(reasons, path)}"
        raise LockstepError(what, where=str(file), remedy=remedy, detail=tuple(map(str, reasons)))
    return locked


def _refuse_damaged(locked: LockSource) -> None:
    """Raise ``LockstepError`` where the packages for this platform do not fit together, or are not what they name.

    rattler ends the process where an archive is another package than its record.
    """
    from conda_lockstep.lock.check.status import own_faults

    platform = this_platform()
    faults = list(own_faults(locked.lock, platform)) if platform in locked.lock.platforms else []
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        remedy = f"run: lockstep lock {environment_of(locked.file) or ''}".rstrip()
        raise LockstepError(f"the lock is damaged: {faults[0]}{more}", where=str(locked.file), remedy=remedy)


def read_every(path: Path, trust: Trust) -> list[LockSource]:
    """Read a lock, or all those of an environment file: for its machines, whatever their platforms.

    Raises ``LockstepError`` where there is none.
    """
    mirrors = Mirrors(load(resolve_path(path).parent, trust).mirrors, trust)
    environment = environment_of(path) if is_lock(path.name) else path
    locks = {path: cep37.read(path)} if is_lock(path.name) else select.read_own(path)
    if not locks:
        what, remedy = "no lock found", f"run: lockstep lock {path}"
        raise LockstepError(what, where=str(lock_path(path)), remedy=remedy)
    access = _access(environment, mirrors)
    return [LockSource(lock, file, mirrors, access) for file, lock in locks.items()]


def repository_urls(environment: Path | None, trust: Trust) -> dict[str, str]:
    """Return what the git repositories of an environment file are fetched from, by the URL that a lock records.

    They differ where the file has credentials, which a lock never has.
    """
    if environment is None:
        return {}
    from conda_lockstep.lock.pip.projects.entry import GitReference
    from conda_lockstep.lock.pip.requirements import read_pip_part

    found = {}
    # A file that cannot be read, or a variable that is not set, matters only if the repository wants it.
    with suppress(LockstepError):
        for entry in read_pip_part(read(environment)).projects:
            if isinstance(entry.reference, GitReference):
                with suppress(LockstepError):
                    found[entry.reference.recorded_url] = entry.reference.fetch_url(trust)
    return found


def _chosen(locks: Mapping[Path, Lock], machine: str) -> Path:
    if machine:
        return select.named(locks, machine)
    if len(locks) == 1:
        return next(iter(locks))
    from conda_lockstep.snapshot.machine import detect

    return select.fitting(locks, this_platform(), lambda: detect().virtual_packages)


def _access(environment: Path | None, mirrors: Mirrors) -> Access:
    """Return what mirrors and the channels of an environment file are written with; a lock holds no credentials."""
    access = Access(mirrors.with_credentials)
    if environment is not None:
        # A file that cannot be read, or a variable that is not set, matters only if the channel wants it.
        with suppress(LockstepError):
            for channel in channels_of(read(environment), mirrors):
                access.learn(channel.fetch_url)
    return access
