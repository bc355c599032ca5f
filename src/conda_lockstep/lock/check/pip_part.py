"""Checks the pip part of a lock: its entries, extras and indexes against the file, and the bounds between packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.errors import Location
from conda_lockstep.lock.check.pip_edges import pip_edge_holds
from conda_lockstep.lock.check.projects import ProjectCheck, project_checks
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import CHANNEL_PRIORITY, extra_needs_of
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.lock.pip.requirements import PipPart, PipRequest
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class PipCheck:
    """The pip part of one platform, ready to be compared with the requested one.

    ``requested`` are the entries whose markers apply there; none where the platform has no Python. ``held`` are the
    projects that the lock has, by normalized name: pip's, and those that conda's packages hold. ``extra_needs`` are the
    requirements of extras that entries request of conda's packages.
    """

    part: PipPart
    requested: Sequence[PipRequest]
    platform: str
    packages: Mapping[str, Package]
    held: Mapping[str, Package]
    recorded: Mapping[str, str] | None
    markers: Mapping[str, str]
    extra_needs: tuple[str, ...]
    projects: Sequence[ProjectCheck] = ()

    @classmethod
    def of(cls, part: PipPart, lock: Lock, platform: str, path: str) -> PipCheck:
        """Look up the packages that a platform's pip entries are compared with; ``path`` is the environment file's."""
        packages = lock.platforms[platform]
        conda = packages.only("conda").values()
        pip = {normalize(package.name): package for package in packages.only("pip").values()}
        owned = (
            {name: owned.package for name, owned in owned_by_conda(conda).items()} if part.has_entries else {}
        )
        python = next((package for package in conda if package.name == "python"), None)
        markers = WheelTarget(python.version, platform, ()).markers if python else {}
        requested = [entry for entry in part.requirements if entry.applies(markers)] if python else []
        # Locks of other tools do not record options, extras and URLs.
        recorded = lock.metadata if CHANNEL_PRIORITY in lock.metadata else None
        needs = extra_needs_of(lock, platform)
        held = {**owned, **pip}
        entries = [entry for entry in part.projects if entry.applies(markers)] if python else []
        projects = project_checks(entries, held, python, markers, path) if entries else []
        return cls(part, requested, platform, pip, held, recorded, markers, needs, projects)

    @property
    def roots(self) -> set[str]:
        """Return the projects that entries request, those of the extras of conda's packages included."""
        named = {check.project.name for check in self.projects if check.project}
        return (
            named | {entry.name for entry in self.requested} | {split(spec)[0] for spec in self.extra_needs}
        )

    def reasons(self, path: str) -> Iterator[tuple[str, Location | str]]:
        """Yield each fault with its place; ``path`` stands for the whole file."""
        if self.part.has_entries and not self.markers:
            yield f"pip entries, but no python in the lock for {self.platform}", path
        if not self.markers:
            return
        for entry in self.requested:
            if reason := self._unmet(entry):
                yield reason, entry.where
        for check in self.projects:
            yield from (
                (f"{what}; the lock for {self.platform} {has}", check.entry.where)
                for what, has in check.faults
            )
        for entry in self.part.constraints:
            if entry.applies(self.markers) and entry.name in self.held and (reason := self._unmet(entry)):
                yield reason, entry.where
        for spec in self.extra_needs:
            held = self.held.get(normalize(split(spec)[0]))
            if not pip_edge_holds(spec, held):
                what = f"an extra that is requested needs '{spec}'; the lock for {self.platform} has {held or 'none'}"
                yield what, path
        if self.recorded is not None:
            yield from self._recorded(self.recorded, path)

    def _unmet(self, entry: PipRequest) -> str:
        held = self.held.get(entry.name)
        if held is None:
            return f"'{entry.text}' is not in the lock for {self.platform}"
        has = f"'{entry.text}' is requested; the lock for {self.platform} has {held}"
        if not _fits(entry, held.version):
            return has
        if entry.url and entry.url != held.url:
            return f"{has} from {held.url}"
        if entry.hashes and held.manager == "pip" and held.sha256 not in entry.hashes:
            return f"{has} with another hash"
        return ""

    def _recorded(self, recorded: Mapping[str, str], path: str) -> Iterator[tuple[str, Location | str]]:
        """Compare the options, extras and URLs of the file with those that the lock records."""
        requested = self.part.metadata()
        now, then = requested.get("pip_options", "none"), recorded.get("pip_options", "none")
        if now != then and self.part.has_entries:
            yield f"pip's options are {now}; the lock was made with {then}", path
        for key, how in (("pip_extras", ""), ("pip_urls", " by a URL")):
            wanted, was = set(requested.get(key, "").split()), set(recorded.get(key, "").split())
            for name in sorted(wanted ^ was):
                longer, made = ("", "without it") if name in wanted else (" no longer", "with it")
                named = name.partition("[")[0]
                where = next((entry.where for entry in self.part.requirements if entry.name == named), path)
                yield f"'{name}' is{longer} requested{how}; the lock was made {made}", where


def _fits(entry: PipRequest, version: str) -> bool:
    try:
        return entry.requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True  # conda's own spelling, such as 9e: nothing that pip could compare
