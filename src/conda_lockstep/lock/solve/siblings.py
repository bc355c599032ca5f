"""Which packages of a solution are CPU builds, as the other builds of their release show."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from rattler import MatchSpec, Subdir
from rattler.exceptions import GatewayError

from conda_lockstep.conda.build_variants import device_among, device_of, frameworks
from conda_lockstep.lock.channels.records import package_of
from conda_lockstep.lock.solve.solve import Request, Solver, channel_error
from conda_lockstep.packages import Package

_PATTERNS = ("*cuda*", "*_cuda*", "*gpu*", "*_cu1*")
"""Patterns of CUDA builds, by preference."""


async def known_by_siblings(
    solver: Solver, request: Request, packages: Iterable[Package]
) -> dict[Package, str]:
    """Return the packages that are CPU builds of releases with CUDA builds, each with a pattern of the CUDA builds.

    Libraries whose CPU build is normal are left out. Raises ``LockstepError`` for a channel that cannot be read.
    """
    candidates = [package for package in packages if _may_be_cpu(package, request.platform)]
    if not candidates:
        return {}
    siblings = await _releases(solver, request, candidates)
    found = {}
    for package in candidates:
        release = [each for each in siblings.get(package.name, ()) if each.channel == package.channel]
        if device_among(package, release, request.platform) == "cpu":
            cuda = [each for each in release if device_of(each) == "cuda"]
            if cuda:
                found[package] = _pattern(cuda, package)
    return found


def _may_be_cpu(package: Package, platform: str) -> bool:
    is_mutex = package.name.startswith("_") or package.name.endswith(("-mutex", "-proc"))
    if package.manager != "conda" or is_mutex:
        return False
    framework = frameworks().get(package.key)
    is_library = framework is not None and framework.role == "library"
    return not is_library and device_of(package, platform) in ("", "cpu")


async def _releases(solver: Solver, request: Request, packages: list[Package]) -> dict[str, list[Package]]:
    """Return all builds of the releases of some packages, by name."""
    specs = [MatchSpec(f"{package.name}=={package.version}") for package in packages]
    try:
        answers = await solver.gateway_for(request.sources).query(
            [channel.source for channel in request.sources],
            [Subdir(request.platform), Subdir("noarch")],
            specs,
            recursive=False,
            channel_relations="disabled",
        )
    except GatewayError as error:
        raise channel_error(str(error), request.sources, solver.seconds, solver.mirrors.trust) from None
    found: dict[str, list[Package]] = {}
    for records in answers:
        for record in records:
            found.setdefault(record.name.normalized, []).append(package_of(record, solver.mirrors))
    return found


def _pattern(cuda: list[Package], package: Package) -> str:
    """Return a pattern that matches CUDA builds, and not the build of ``package``."""
    for pattern in _PATTERNS:
        if fnmatchcase(cuda[0].build, pattern) and not fnmatchcase(package.build, pattern):
            return pattern
    return cuda[0].build
