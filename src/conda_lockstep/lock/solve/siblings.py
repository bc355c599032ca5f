"""Which packages of a solution are CPU builds, as the other builds of their release show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rattler import MatchSpec, Subdir
from rattler.exceptions import GatewayError

from conda_lockstep.conda.build_variants import device_among, device_of, frameworks
from conda_lockstep.lock.channels.records import package_of
from conda_lockstep.lock.solve.solve import Request, Solver, channel_error
from conda_lockstep.packages import Package


async def known_by_siblings(
    solver: Solver, request: Request, packages: Iterable[Package]
) -> dict[Package, str]:
    """Return the packages without a row in ``data/frameworks.txt`` that are CPU builds of releases with CUDA builds.

    Each has a pattern of those CUDA builds. Raises ``LockstepError`` for a channel that cannot be read.
    """
    unknown = [*_unknown(packages)]
    if not unknown:
        return {}
    siblings = await _releases(solver, request, unknown)
    found = {}
    for package in unknown:
        release = [each for each in siblings.get(package.name, ()) if each.channel == package.channel]
        if device_among(package, release, request.platform) == "cpu":
            cuda = [each for each in release if device_of(each) == "cuda"]
            if cuda:
                found[package] = "*cuda*" if any("cuda" in each.build for each in cuda) else _common(cuda)
    return found


def _unknown(packages: Iterable[Package]) -> Iterator[Package]:
    for package in packages:
        is_mutex = package.name.startswith("_") or package.name.endswith(("-mutex", "-proc"))
        is_listed = package.key in frameworks()
        if package.manager == "conda" and not (is_listed or is_mutex) and device_of(package) in ("", "cpu"):
            yield package


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


def _common(packages: list[Package]) -> str:
    """Return a pattern of CUDA builds that are not marked with ``cuda``: ``*gpu*`` or ``*cu1*``."""
    return "*gpu*" if any("gpu" in package.build for package in packages) else "*cu1*"
