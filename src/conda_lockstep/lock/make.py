"""From an environment file to its lock: every platform solved, then the pip part on top of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.environment.document import EnvironmentFile
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock import metadata
from conda_lockstep.lock.channels import Mirrors, channels_of
from conda_lockstep.lock.model import Lock
from conda_lockstep.lock.solve import REQUEST_SECONDS, Request, Solver, UnsolvableError
from conda_lockstep.lock.unsatisfiable import explain
from conda_lockstep.lock.virtual import machine
from conda_lockstep.lock.wanted import wanted
from conda_lockstep.packages import Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.requirements import PipPart


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to fetch from, and for which machines to solve.

    ``cuda`` is the newest CUDA that the machines' driver supports, empty for machines without. ``index`` is the
    PyPI index as a lock names it. ``cache`` is a folder for rattler's and uv's downloads, None for their own. A request
    to a channel may take ``seconds``.
    """

    platforms: tuple[str, ...]
    cuda: str = ""
    mirrors: Mirrors = field(default_factory=lambda: Mirrors({}))
    index: str = "https://pypi.org/simple"
    cache: Path | None = None
    seconds: int = REQUEST_SECONDS


def solver_for(settings: Settings) -> Solver:
    """Return a solver that fetches as the settings say."""
    cache = settings.cache / "repodata" if settings.cache else None
    return Solver(settings.mirrors, cache=cache, seconds=settings.seconds)


def make_lock(file: EnvironmentFile, settings: Settings, solver: Solver | None = None) -> Lock:
    """Solve an environment file for each platform; ``solver`` is one that has read the channels before, if there is.

    Raises ``LockstepError`` for what cannot be read, fetched or solved, with the place in the file it comes from.
    """
    return asyncio.run(_make(file, settings, solver or solver_for(settings)))


async def _make(file: EnvironmentFile, settings: Settings, solver: Solver) -> Lock:
    platforms = sorted(set(settings.platforms))
    windows = any(platform.startswith("win-") for platform in platforms)
    channels = channels_of(file, settings.mirrors, windows=windows)
    entries, pip = wanted(file, settings.mirrors), _pip_part(file)
    requests = [
        Request(entries, channels, platform, machine(platform, settings.cuda)) for platform in platforms
    ]
    sets: dict[str, PackageSet] = {}
    facts = {metadata.CHANNEL_PRIORITY: "strict", **(pip.facts() if pip else {})}
    notices: list[str] = []
    for request in requests:
        conda = await _conda(solver, request)
        packages = (*conda, *_pip(file, pip, conda, request, settings, notices))
        sets[request.platform] = PackageSet.of(packages)
        facts |= metadata.describe(request.platform, request.machine, packages)
    return Lock(
        platforms=sets,
        channels=tuple(channel.name for channel in channels),
        sources=(Path(file.path).name,),
        metadata=facts,
        notices=tuple(dict.fromkeys(notices)),
    )


async def _conda(solver: Solver, request: Request) -> tuple[Package, ...]:
    try:
        return await solver.packages(request)
    except UnsolvableError as error:
        raise await explain(solver, request, str(error)) from None


def _pip_part(file: EnvironmentFile) -> PipPart | None:
    """Read the pip part, if there is one: what reads requirements is slow to load."""
    if not any(section.items for section in file.pip_sections):
        return None
    from conda_lockstep.lock.requirements import pip_part

    return pip_part(file)


def _pip(
    file: EnvironmentFile,
    part: PipPart | None,
    conda: Sequence[Package],
    request: Request,
    settings: Settings,
    notices: list[str],
) -> tuple[Package, ...]:
    """Return the pip packages on top of a platform's conda packages; what else is to be known goes to ``notices``."""
    if part is None or not part.wanted:
        return ()
    from conda_lockstep.lock import pypi
    from conda_lockstep.lock.wheels import Target

    python = next((package for package in conda if package.name == "python"), None)
    if python is None:
        where = file.source.location(next(file.pip_sections).span.start)
        raise LockstepError(
            "pip entries, but no python among the packages", where=where, remedy="add 'python=3.12'"
        )
    if python.build.endswith("t") or any(package.name == "python-freethreading" for package in conda):
        raise LockstepError(f"pip entries for a free-threaded {python} cannot be locked yet", where=file.path)
    target = Target(python.version, request.platform, request.machine)
    cache = settings.cache / "uv" if settings.cache else None
    found = pypi.resolve(
        part, conda, target, settings.mirrors, index=settings.index, entries=request.wanted, cache=cache
    )
    notices += found.notices
    return found.packages
