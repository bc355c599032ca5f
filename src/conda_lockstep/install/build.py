"""From a lock to a prefix that is exactly the lock: got first, then linked, then looked at.

Everything is fetched and checked before the prefix is touched, so that what cannot be had leaves an environment as
it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.cache import Caches, caches_for
from conda_lockstep.install.fetch.contents import PathConflict, layout_of
from conda_lockstep.install.link.plan import Plan, PlannedChange, make_plan, remaining
from conda_lockstep.install.link.project_options import ProjectOptions, projects_in, refuse_builds
from conda_lockstep.install.prefix import Work, building
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.packages import Key, Package, PackageSet
from conda_lockstep.text.resolve_path import absolute_path


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build. ``cache`` is a folder for all that is fetched, None for rattler's and uv's own.

    ``access`` has the credentials that channels and mirrors were written with. ``link_scripts`` runs what packages
    bring to be run when they are linked. ``prove`` hashes every file that was linked: rattler takes what is extracted
    in its cache on trust, where a file may have been changed in place through a hard link. ``projects`` says how local
    and git projects are installed.
    """

    mirrors: Mirrors
    access: Access = field(default_factory=Access)
    cache: Path | None = None
    link_scripts: bool = False
    progress: bool = False
    prove: bool = False
    projects: ProjectOptions = field(default_factory=ProjectOptions)


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What was done. ``had_remains``: what an unfinished build had left was removed, or mended.

    ``unrun`` are packages whose link scripts were not run; ``shared`` are paths that two conda packages bring.
    ``unproved`` are packages that were linked from the cache, of which the files were not hashed. ``left`` are projects
    that were left as they are.
    """

    steps: tuple[PlannedChange, ...]
    had_remains: bool = False
    unrun: tuple[Package, ...] = ()
    shared: tuple[PathConflict, ...] = ()
    unproved: tuple[Package, ...] = ()
    left: tuple[Package, ...] = ()


def build_environment(packages: PackageSet, prefix: Path, options: BuildOptions) -> BuildOutcome:
    """Build a prefix, or bring one to the lock, believing what its records say of its files.

    ``packages`` are those of the machine's own platform. Raises ``LockstepError``; a prefix that was not there before
    is then not there either, and one that was is as before, or marked as unfinished.
    """
    return _bring(packages, prefix, options, mending=False)


def sync_environment(packages: PackageSet, prefix: Path, options: BuildOptions) -> BuildOutcome:
    """Bring a prefix back to the lock, having read every byte of it; what is right stays as it is.

    Raises ``LockstepError``, also where there is no environment.
    """
    _refuse_none(prefix)
    return _bring(packages, prefix, options, mending=True)


def plan_sync(packages: PackageSet, prefix: Path, projects: ProjectOptions | None = None) -> Plan:
    """Return what :func:`sync_environment` would do."""
    _refuse_none(prefix)
    projects = projects or ProjectOptions()
    left = _left(packages, projects)
    return make_plan(packages, absolute_path(prefix), every_byte=True, root=projects.root, skipped=left)


def _left(packages: PackageSet, projects: ProjectOptions) -> frozenset[Key]:
    return frozenset(package.key for package in projects_in(packages)) if projects.leave else frozenset()


def _refuse_none(prefix: Path) -> None:
    if not (prefix.expanduser() / "conda-meta").is_dir():
        remedy = f"run: lockstep build --prefix {prefix}"
        raise LockstepError("there is no conda environment", where=str(prefix), remedy=remedy)


def _bring(packages: PackageSet, prefix: Path, options: BuildOptions, *, mending: bool) -> BuildOutcome:
    prefix = absolute_path(prefix)
    if packages.only("pip") and ("conda", "python") not in packages:
        raise LockstepError(
            "the lock has pip packages, but no python", remedy="add python to the environment file"
        )
    for url in options.mirrors.with_credentials:
        options.access.learn(url)
    with building(prefix, mending=mending) as work, caches_for(prefix, options.cache) as caches:
        left = _left(packages, options.projects)
        plan = make_plan(packages, prefix, every_byte=mending, root=options.projects.root, skipped=left)
        refuse_builds(_projects(plan), options.projects)
        outcome = BuildOutcome(())
        if plan.steps:
            try:
                trusting = work.is_new and not options.prove
                outcome = _carry_out(plan, packages, work, caches, options, trusting=trusting)
            except _CacheError:
                work.start_over()
                outcome = _carry_out(plan, packages, work, caches, options)
        if plan.steps:
            _prove(plan, packages, prefix, options.projects, every_byte=mending or options.prove)
    kept_out = tuple(packages[key] for key in sorted(left))
    return replace(outcome, had_remains=work.had_remains, left=kept_out)


def _projects(plan: Plan) -> tuple[Package, ...]:
    """Return the local and git projects that a plan installs."""
    return projects_in(PackageSet.of(plan.packages("pip", "install", "replace", "relink")))


class _CacheError(Exception):
    """What was linked from the cache was not whole there."""


def _carry_out(
    plan: Plan,
    packages: PackageSet,
    work: Work,
    caches: Caches,
    options: BuildOptions,
    *,
    trusting: bool = False,
) -> BuildOutcome:
    """Do what a plan says. ``trusting`` looks at sizes in the cache while it is linked from; ``_CacheError`` then."""
    from conda_lockstep.install.fetch.cache import looking
    from conda_lockstep.install.fetch.fetched_files import get_stock
    from conda_lockstep.install.link.conda_part import install_conda
    from conda_lockstep.install.link.records import complete_records

    prefix, mirrors = work.prefix, options.mirrors
    conda = plan.packages("conda", "install", "replace", "relink")
    projects = _projects(plan)
    pip = [each for each in plan.packages("pip", "install", "replace", "relink") if each not in projects]
    relinked = plan.packages("conda", "relink")
    stock = get_stock(
        conda, pip, [owner.contents for owner in plan.kept], layout_of(packages, this_platform()), mirrors,
        options.access, caches, suspect=conda if options.prove else relinked, trusting=trusting,
        progress=options.progress,
    )  # fmt: skip
    work.begin()
    for path in plan.present.unusable:
        path.unlink()
    if not work.is_new:
        from conda_lockstep.install.link.clear_way import clear_links, correct_modes

        clear_links(prefix, plan.links, stock.contents.values(), plan.kept)
        correct_modes(prefix, plan.modes)
    if plan.strays:
        from conda_lockstep.install.link.remove import remove_distributions

        owned = {file.path for owner in (*plan.present.conda, *plan.kept) for file in owner.files}
        remove_distributions(prefix, plan.strays, owned)
    if conda or plan.packages("conda", "remove"):
        damaged = looking(stock.unlooked, caches)  # while rattler links
        install_conda(
            tuple(packages.only("conda").values()), prefix, caches,
            archives=stock.archives, relink={package.name for package in relinked}, doubted=stock.doubted,
            link_scripts=options.link_scripts, progress=options.progress,
        )  # fmt: skip
        if damaged():
            raise _CacheError
        complete_records(prefix, conda, caches, extracted=stock.archives)
    if pip:
        _install_pip(pip, stock.wheels, prefix, caches, fresh=options.prove)
    if projects:
        from conda_lockstep.install.link.projects import install_projects

        install_projects(projects, packages, prefix, options.projects)
    scripts = (package for package in conda if stock.contents[package].has_link_scripts)
    unproved = (package for package in (*conda, *pip) if package not in stock.archives)
    return BuildOutcome(
        plan.steps,
        unrun=() if options.link_scripts else tuple(scripts),
        shared=stock.shared,
        unproved=() if options.prove else tuple(unproved),
    )


def _install_pip(
    pip: Sequence[Package], wheels: Mapping[Package, Path], prefix: Path, caches: Caches, *, fresh: bool
) -> None:
    from conda_lockstep.install.link.pip_part import install_pip
    from conda_lockstep.install.link.records import complete_origins

    install_pip({package: wheels[package] for package in pip}, prefix, cache=caches.uv, fresh=fresh)
    complete_origins(prefix, wheels)


def _prove(
    done: Plan, packages: PackageSet, prefix: Path, projects: ProjectOptions, *, every_byte: bool
) -> None:
    """Look again; a build that is not what it says must not pass for one."""
    kept_out = _left(packages, projects)
    left = remaining(done, packages, prefix, every_byte=every_byte, root=projects.root, skipped=kept_out)
    if left:
        named = "; ".join(map(str, left[:3])) + ("; …" if len(left) > 3 else "")
        what = f"the prefix is not what the lock says: {named}"
        raise LockstepError(what, where=str(prefix), remedy="remove it and build it anew")
