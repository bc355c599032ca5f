"""Makes the locks of an environment file: solves for every machine, then resolves the pip part of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import LockChannel, Mirrors, channels_of
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.device_entries import device_requests
from conda_lockstep.lock.solve.cpu_fallback import (
    MachineGpu,
    builds_of,
    cpu_builds,
    refusable,
    refuse_cpu_builds,
    with_allowed,
)
from conda_lockstep.lock.solve.keep import ALL, NOTHING, UpdateRequest, previously_locked, solve_keeping
from conda_lockstep.lock.solve.machine_groups import NoCommonError, arrange, solve_groups
from conda_lockstep.lock.solve.machines import MachineGroup, cuda_of, groups_of
from conda_lockstep.lock.solve.requested_spec import RequestedSpec, requested_specs
from conda_lockstep.lock.solve.siblings import known_by_siblings
from conda_lockstep.lock.solve.solve import (
    NO_HORIZON,
    REQUEST_SECONDS,
    Horizon,
    Request,
    Solver,
    UnsolvableError,
)
from conda_lockstep.packages import Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.pip.projects.project import Project
    from conda_lockstep.lock.pip.requirements import PipPart
    from conda_lockstep.lock.pip.resolve import Resolved


@dataclass(frozen=True, slots=True)
class Settings:
    """The sources to fetch from, and the machines to solve for.

    ``cuda`` is the newest CUDA that the driver supports for a platform without ``machines``, empty for no GPU.
    ``index`` is the PyPI index as a lock names it. ``cache`` is a folder for rattler's and uv's downloads, None for
    their own. A request to a channel may take ``seconds``. ``cpu_allow`` are packages that may be CPU builds where CUDA
    is required, None for any; ``cpu_declared`` are those of them that the settings list. ``horizon`` is until when
    packages must have been published. ``allow_build`` are the projects whose builds may run to tell their metadata.
    """

    platforms: tuple[str, ...]
    cuda: str = ""
    machines: tuple[DeclaredMachine, ...] = ()
    mirrors: Mirrors = field(kw_only=True)
    index: str = "https://pypi.org/simple"
    cache: Path | None = None
    seconds: int = REQUEST_SECONDS
    cpu_allow: tuple[str, ...] | None = ()
    cpu_declared: tuple[str, ...] = ()
    horizon: Horizon = NO_HORIZON
    allow_build: tuple[str, ...] = ()


def solver_for(settings: Settings) -> Solver:
    """Return a solver that fetches as the settings say."""
    cache = settings.cache / "repodata" if settings.cache else None
    return Solver(settings.mirrors, cache=cache, seconds=settings.seconds)


class Solvers:
    """The solvers of one run; an index is read once."""

    last: ClassVar[Solvers | None] = None
    """Those of the last run, kept alive: freeing a channel's index takes longer than the rest of a run."""

    def __init__(self) -> None:
        self._made: dict[tuple[Mirrors, Path | None, int], Solver] = {}
        Solvers.last = self

    def of(self, settings: Settings) -> Solver:
        """Return a solver that fetches as the settings say; see :func:`solver_for`."""
        places = (settings.mirrors, settings.cache, settings.seconds)
        if places not in self._made:
            self._made[places] = solver_for(settings)
        return self._made[places]


def make_lock(
    file: EnvironmentFile, settings: Settings, solver: Solver | None = None, old: Sequence[Lock] = ()
) -> Lock:
    """Solve an environment file where all machines of a platform agree; see :func:`make_locks`."""
    (lock,) = make_locks(file, settings, solver, old).values()
    return lock


def make_locks(
    file: EnvironmentFile,
    settings: Settings,
    solver: Solver | None = None,
    old: Sequence[Lock] = (),
    update: UpdateRequest = NOTHING,
) -> dict[str, Lock]:
    """Solve an environment file for each machine, and return the locks by machine: ``""`` is the one for all.

    ``solver`` may have read the channels before. The packages of ``old`` locks are kept where they fit, except for
    those that ``update`` selects. Raises ``LockstepError`` for an entry that cannot be read, fetched or solved, with
    its place in the file.
    """
    return asyncio.run(_make(_Task(file, settings, solver or solver_for(settings), old, update)))


async def _make(task: _Task) -> dict[str, Lock]:
    settings = task.settings
    groups = groups_of(settings.machines, settings.platforms, settings.cuda)
    solved = await solve_groups(groups, task.solve, settings.machines, task.suits)
    head = Lock(
        platforms={},
        channels=tuple(channel.name for channel in task.channels),
        sources=(Path(task.file.path).name,),
        metadata={
            **metadata.CREATED_BY,
            metadata.CHANNEL_PRIORITY: "strict",
            **(task.pip.metadata() if task.pip else {}),
        },
        notices=tuple(dict.fromkeys(task.notices)),
    )
    found = {}
    for name, lock in arrange(solved, head).items():
        lock = _with_extras(lock, task.extra_needs)
        builds = [*cpu_builds(lock, task.requests, settings.machines, task.by_siblings)]
        refuse_cpu_builds(builds, task.file, settings.cpu_allow)
        found[name] = with_allowed(lock, builds, settings.cpu_declared)
    return found


def _with_extras(lock: Lock, needs: Mapping[tuple[str, str], tuple[str, ...]]) -> Lock:
    """Return a lock that records what the requested extras of conda's packages require."""
    found = {
        platform: needs.get((platform, packages.digest)) for platform, packages in lock.platforms.items()
    }
    extra_needs = {
        f"{platform}.{metadata.EXTRA_NEEDS}": "; ".join(specs) for platform, specs in found.items() if specs
    }
    return replace(lock, metadata={**lock.metadata, **extra_needs})


class _Task:
    """The inputs that all machines share."""

    def __init__(
        self,
        file: EnvironmentFile,
        settings: Settings,
        solver: Solver,
        old: Sequence[Lock],
        update: UpdateRequest,
    ) -> None:
        windows = any(platform.startswith("win-") for platform in settings.platforms)
        self.file = file
        self.settings = settings
        self.solver = solver
        self.old = old
        self.update = update
        self.channels: tuple[LockChannel, ...] = channels_of(file, settings.mirrors, windows=windows)
        self.entries: tuple[RequestedSpec, ...] = requested_specs(file, settings.mirrors)
        self.pip, self.projects = located_pip(file, settings, old, update)
        self.requests = device_requests(self.entries, self.pip)
        self.notices: list[str] = []
        self.extra_needs: dict[tuple[str, str], tuple[str, ...]] = {}
        """What the extras of conda's packages require of pip, by platform and the digest of its packages."""
        self.by_siblings: dict[Package, str] = {}

    def suits(self, group: MachineGroup, packages: PackageSet) -> bool:
        """Return whether no machine of a group gets a CPU build where CUDA is required."""
        gpus = tuple(
            MachineGpu(machine.name, cuda) for machine in group.machines if (cuda := cuda_of(machine))
        )
        builds = builds_of(group.platform, packages, gpus, self.requests, self.by_siblings) if gpus else ()
        return not any(refusable(builds, self.settings.cpu_allow))

    async def solve(self, group: MachineGroup) -> tuple[Package, ...]:
        """Return the packages for a group of machines; see :data:`machine_groups.Solve`."""
        update = self.update.of(group)
        stay = [
            package
            for package in previously_locked(self.old, group).values()
            if update != ALL and package.name not in update
        ]
        request = Request(
            self.entries,
            self.channels,
            group.platform,
            group.virtual_packages,
            kept=tuple(package for package in stay if package.manager == "conda"),
            horizon=self.settings.horizon,
        )
        try:
            solved = await solve_keeping(self.solver, request, update, self.file)
        except UnsolvableError as error:
            from conda_lockstep.lock.explain.unsatisfiable import explain

            explained = await explain(self.solver, replace(request, kept=()), str(error))
            raise NoCommonError(explained) from None
        if self.requests.cuda or any(each.name == "__cuda" for each in group.virtual_packages):
            self.by_siblings |= await known_by_siblings(self.solver, request, solved)
        kept = {package.name: package.version for package in stay if _is_wheel(package)}
        found = pip_packages(
            self.file, self.pip, solved, request, self.settings, kept, projects=self.projects
        )
        self.notices += found.notices if found else ()
        packages = (*solved, *(found.packages if found else ()))
        if found and found.extra_needs:
            self.extra_needs[group.platform, PackageSet.of(packages).digest] = found.extra_needs
        return packages


def located_pip(
    file: EnvironmentFile, settings: Settings, old: Sequence[Lock], update: UpdateRequest
) -> tuple[PipPart | None, tuple[Project, ...]]:
    """Read the pip part, if there is one, and locate its projects; its reader is slow to import.

    Raises ``LockstepError`` for entries that cannot be locked.
    """
    if not any(section.items for section in file.pip_sections):
        return None, ()
    from conda_lockstep.lock.pip.projects.locked import located_part

    return located_part(
        file,
        settings.mirrors,
        index=settings.index,
        cache=settings.cache,
        allow_build=settings.allow_build,
        old=old,
        moving=None if update.all else update.names,
    )


def pip_packages(
    file: EnvironmentFile,
    part: PipPart | None,
    conda: Sequence[Package],
    request: Request,
    settings: Settings,
    kept: Mapping[str, str],
    projects: Sequence[Project] = (),
) -> Resolved | None:
    """Return the pip packages on top of a platform's conda packages; None where the file requests none.

    ``kept`` are the locked versions by project. Raises ``LockstepError`` where there is no solution.
    """
    if part is None or not (part.requirements or projects):
        return None
    from conda_lockstep.lock.pip import resolve as pypi
    from conda_lockstep.lock.pip.previous import Before
    from conda_lockstep.lock.pip.wheels import WheelTarget

    python = next((package for package in conda if package.name == "python"), None)
    if python is None:
        where = file.source.location(next(file.pip_sections).span.start)
        raise LockstepError(
            "pip entries, but no python among the packages", where=where, remedy="add 'python=3.12'"
        )
    if python.build.endswith("t") or any(package.name == "python-freethreading" for package in conda):
        raise LockstepError(f"pip entries for a free-threaded {python} cannot be locked yet", where=file.path)
    target = WheelTarget(python.version, request.platform, request.machine)
    cache = settings.cache / "uv" if settings.cache else None
    return pypi.resolve(
        part,
        conda,
        target,
        settings.mirrors,
        index=settings.index,
        entries=request.specs,
        cache=cache,
        before=Before(kept, settings.horizon),
        projects=projects,
    )


def _is_wheel(package: Package) -> bool:
    return package.manager == "pip" and project_source(package) is None
