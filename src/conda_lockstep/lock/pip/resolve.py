"""Resolves the pip part with uv, against the conda packages as they are: wheels only, one file per package."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.cache import default_cache
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.module_clash import module_clashes
from conda_lockstep.lock.model.owned_projects import Owned, owned_by_conda
from conda_lockstep.lock.pip import pylock
from conda_lockstep.lock.pip.edges import pip_edges
from conda_lockstep.lock.pip.fetch_metadata import fetch_metadata
from conda_lockstep.lock.pip.previous import NOTHING_BEFORE, Before
from conda_lockstep.lock.pip.projects.build_needs import build_notices
from conda_lockstep.lock.pip.projects.project import Project, without_stand_ins
from conda_lockstep.lock.pip.refusals import has_secret
from conda_lockstep.lock.pip.requirements import PipPart, PipRequest
from conda_lockstep.lock.pip.unresolvable import ProjectConflict, clash, explain, same_module
from conda_lockstep.lock.pip.uv import Uv, sources
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package

_NO_EXTRA = re.compile(r"package `([^`=]+)==[^`]+` does not have an extra named `([^`]+)`")
_YANKED = re.compile(r'`([^`=]+)==([^`]+)` is yanked(?: \(reason: "(.*)"\))?')


@dataclass(frozen=True, slots=True)
class Resolved:
    """The pip packages by name, and notices for the user.

    ``extra_needs`` are the requirements of extras of conda's packages that entries request.
    """

    packages: tuple[Package, ...]
    notices: tuple[str, ...] = ()
    extra_needs: tuple[str, ...] = ()


def resolve(
    part: PipPart,
    conda: Sequence[Package],
    target: WheelTarget,
    mirrors: Mirrors,
    *,
    index: str,
    entries: Sequence[RequestedSpec] = (),
    cache: Path | None = None,
    before: Before = NOTHING_BEFORE,
    projects: Sequence[Project] = (),
) -> Resolved:
    """Return the pip packages that the requirements and ``projects`` need besides conda's packages, those included.

    ``index`` is used where the file names none; ``entries`` are those that the conda packages were solved for, and
    ``before`` has the locked versions. Raises ``LockstepError`` where there is no solution, with both sides of a clash
    with conda and the chain to each, where two packages install one module, and where an index cannot be read.
    """
    owned = owned_by_conda(conda)
    markers = target.markers
    projects = [project for project in projects if project.entry.applies(markers)]
    _refuse_projects(projects, owned, target)
    wheels = [wheel for project in projects for wheel in project.wheels]
    part = replace(part, requirements=(*part.requirements, *wheels))
    stand_for = tuple(PipRequest(each.text, each.requirement, each.where) for each in projects)
    held = owned.keys() | {project.name for project in projects}
    requested = [entry for entry in (*part.requirements, *stand_for) if entry.applies(markers)]
    for entry in requested:
        if entry.url and entry.name in owned:
            raise clash(ProjectConflict(entry, (), owned[entry.name]), conda, entries)
    with TemporaryDirectory(prefix="lockstep-") as folder:
        uv = Uv(Path(folder), target, cache)
        uv.give(part, mirrors, index, before)
        access = index_access(part, mirrors, index)
        opened = {entry.name for entry in requested if entry.extras and entry.name in owned}
        excluded: dict[str, str] = {}
        while True:
            uv.hold(owned, known_by_index=opened, projects=projects)
            solved = uv.solve()
            if solved.returncode and excluded:
                raise _no_version_for_python(excluded, requested, target)
            if solved.returncode:
                shown = replace(part, requirements=(*part.requirements, *stand_for))
                text = without_stand_ins(solved.stderr)
                raise explain(text, shown, owned, opened, target, conda, entries, mirrors.trust)
            # Only the index has the dependencies of an extra of a package that conda installs.
            extras = _missing_extras(solved.stderr)
            more = {name for name, _ in extras if name in owned} - opened
            if more:
                opened |= more
                continue
            places = {entry.name: entry.where for entry in reversed(requested)}
            files = pylock.choose(
                solved.stdout, target, without=held, hashes=_hashes(requested), places=places
            )
            stand_ins = pylock.any_wheels(solved.stdout, opened, target)
            metadata = fetch_metadata([*files, *stand_ins], access, _metadata_cache(cache))
            # uv respects only the lower bound of Requires-Python.
            unsupported = [file for file in files if not metadata[file.project].accepts(target.python)]
            if not unsupported:
                break
            for file in unsupported:
                uv.exclude(file.project, file.version)
                excluded[file.project] = (
                    f"{file.version} requires Python {metadata[file.project].python_bounds}"
                )
    metadata = {**metadata, **{project.name: project.metadata for project in projects}}
    locked = [*(file.project for file in files), *(project.name for project in projects)]
    edges = pip_edges(metadata, locked, [entry.requirement for entry in requested], markers)
    packages = tuple(
        Package(
            "pip",
            file.project,
            file.version,
            url=_lock_url(file, mirrors),
            sha256=file.sha256,
            depends=edges.by_project[file.project],
        )
        for file in files
    )
    packages += tuple(
        Package("pip", each.name, each.locked_version, url=each.url, depends=edges.by_project[each.name])
        for each in projects
    )
    if found := next(module_clashes([*conda, *packages]), None):
        raise same_module(found, requested, edges.by_project, conda, entries)
    notices = [*_notices(solved.stderr, extras, requested, owned), *build_notices(projects, packages, conda)]
    return Resolved(packages, tuple(notices), edges.of_extras)


def _refuse_projects(projects: Sequence[Project], owned: Mapping[str, Owned], target: WheelTarget) -> None:
    """Raise ``LockstepError`` for a project that conda installs, and for one that does not run on the locked Python."""
    for project in projects:
        if project.name in owned:
            what = (
                f"'{project.text}' is {project.name}, which conda installs as {owned[project.name].package}"
            )
            raise LockstepError(what, where=project.where, remedy="keep one of the two")
        if not project.metadata.accepts(target.python):
            bounds = project.metadata.requires_python
            what = f"'{project.text}' requires Python {bounds}, and {target.python} is locked"
            raise LockstepError(what, where=project.where, remedy="change python, or its requires-python")


def index_access(part: PipPart, mirrors: Mirrors, index: str) -> Access:
    """Return the credentials that indexes are written with; the files are on the same hosts, below other paths."""
    access = Access(mirrors.with_credentials)
    named = [*sources(part, index, mirrors.trust), *(links.url(mirrors.trust) for links in part.links)]
    for url in (
        *map(mirrors.fetch_url, named),
        *(entry.given(mirrors.trust) for entry in part.requirements if entry.url),
    ):
        if origin := re.search(r"https?://[^/\s]+@[^/\s]+", url):
            access.learn(f"{origin[0]}/")
    return access


def _metadata_cache(cache: Path | None) -> Path:
    return (cache.parent if cache else default_cache()) / "wheel-metadata"


def _no_version_for_python(
    excluded: Mapping[str, str], requested: Sequence[PipRequest], target: WheelTarget
) -> LockstepError:
    project, why = next(iter(excluded.items()))
    where = next((entry.where for entry in requested if entry.name == project), None)
    what = f"no version of {project} fits Python {target.python}: {project} {why}"
    return LockstepError(what, where=where, remedy="lock another Python, or request another version")


def _hashes(requested: Sequence[PipRequest]) -> dict[str, frozenset[str]]:
    """Return the hashes of which a project's file must have one, by name; where two lines give some, both count."""
    found: dict[str, frozenset[str]] = {}
    for entry in requested:
        if entry.hashes:
            found[entry.name] = found.get(entry.name, entry.hashes) & entry.hashes
    return found


def _lock_url(file: pylock.WheelFile, mirrors: Mirrors) -> str:
    url = mirrors.lock_url(file.url)
    if has_secret(url):
        named = f"{file.project} {file.version}"
        what = f"the index has a URL for {named} that contains a secret, which must not be in a lock"
        raise LockstepError(what, remedy="use an index that accepts user and password before the host")
    return url


def _missing_extras(text: str) -> list[tuple[str, str]]:
    return sorted({(normalize(name), normalize(extra)) for name, extra in _NO_EXTRA.findall(text)})


def _notices(
    text: str,
    extras: Collection[tuple[str, str]],
    requested: Sequence[PipRequest],
    owned: Mapping[str, Owned],
) -> Iterator[str]:
    for name, version, reason in sorted(_YANKED.findall(text)):
        if name in owned:
            continue
        why = f" ({reason})" if reason else ""
        what = f"{name} {version} was withdrawn (yanked) by its publisher{why}"
        yield _at(name, requested, f"{what}; it is used because nothing else fits '=='")
    for name, extra in extras:
        yield _at(name, requested, f"{name} does not have the extra '{extra}': it is ignored")


def _at(name: str, requested: Sequence[PipRequest], what: str) -> str:
    where = next((f"{entry.where}: " for entry in requested if entry.name == name), "")
    return f"{where}{what}"
