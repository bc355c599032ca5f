"""What must be done to a prefix so that it is what the lock says, and nothing else."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from conda_lockstep.conda.project_source import difference, project_source
from conda_lockstep.install.link.clear_way import links_above, reached_through
from conda_lockstep.install.link.present import Owner, Present, look
from conda_lockstep.packages import Key, Package, PackageSet
from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot.model import Installed
from conda_lockstep.snapshot.permissions import WrongMode

Action: TypeAlias = Literal["install", "replace", "relink", "chmod", "remove"]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change: ``install``, ``replace`` another version, ``relink`` damaged files, ``chmod``, ``remove``.

    ``package`` is the locked one, or what is removed; ``why`` says it in a few words.
    """

    action: Action
    package: Package
    why: str

    def __str__(self) -> str:
        """One line, in columns."""
        return f"{self.action:<8} {self.package.manager:<5} {self.package}" + (
            f": {self.why}" if self.why else ""
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, and what of the prefix they work on; ``kept`` is what stays as it is.

    ``links`` are folders with packages' files that are symbolic links: the link is replaced by a folder. ``modes`` are
    files and folders with wrong permission bits.
    """

    steps: tuple[PlannedChange, ...]
    kept: tuple[Owner, ...]
    present: Present
    links: tuple[str, ...] = ()
    modes: tuple[WrongMode, ...] = ()

    def packages(self, manager: str, *actions: Action) -> tuple[Package, ...]:
        """Return the packages of some steps."""
        return tuple(
            step.package for step in self.steps if step.action in actions and step.package.manager == manager
        )

    @property
    def strays(self) -> tuple[Owner, ...]:
        """Return the distributions that have to go before anything is linked."""
        kept = {id(owner) for owner in self.kept}
        return tuple(owner for owner in self.present.pip if id(owner) not in kept)


def make_plan(
    packages: PackageSet,
    prefix: Path,
    *,
    every_byte: bool = False,
    root: Path | None = None,
    skipped: Container[Key] = frozenset(),
) -> Plan:
    """Compare a prefix with what is wanted; ``every_byte`` reads all its files, else its records are believed.

    Local projects lie in folders relative to ``root``. What is in ``skipped`` stays as it is, there or not.
    """
    packages = PackageSet.of(package for package in packages.values() if package.key not in skipped)
    if not (prefix / "conda-meta").is_dir():
        return Plan(_everything(packages), (), Present((), (), ()))
    contents, present = prefixes.read_contents(prefix, unfinished=True), look(prefix)
    owners = (*present.conda, *present.pip)
    links = links_above(prefix, owners)
    damaged = _damaged(contents.installed, present) | reached_through(owners, links)
    good = [owner for owner in owners if _is(packages, owner, root) or owner.package.key in skipped]
    if _has_other_python(packages, present):
        good = [owner for owner in good if owner.package.manager == "conda"]
    # A moved prefix shows in one file, and all that name its folder must be linked again.
    is_moved = any(damage.kind == "files" for damage in contents.installed.inconsistencies)
    if every_byte or is_moved:
        wrong = _differing(contents, {owner.package.key for owner in good})
        damaged = {package.key: why for package, why in wrong.items()} | damaged
    if every_byte:
        damaged = {package.key: why for package, why in _uncheckable(contents).items()} | damaged
    kept = tuple(owner for owner in good if owner.package.key not in damaged)
    modes = _wrong_modes(contents) if every_byte else {}
    steps = (*_steps(packages, present, kept, damaged, root), *_chmods(kept, modes))
    return Plan(steps, kept, present, tuple(links), tuple(each for found in modes.values() for each in found))


def remaining(
    done: Plan,
    packages: PackageSet,
    prefix: Path,
    *,
    every_byte: bool = False,
    root: Path | None = None,
    skipped: Container[Key] = frozenset(),
) -> list[PlannedChange]:
    """Return what is left to do after a plan was carried out; ``every_byte`` reads what it has changed."""
    contents = prefixes.read_contents(prefix, unfinished=True)
    found = contents.installed.packages
    left = [
        PlannedChange("relink", damage.package, damage.detail)
        for damage in contents.installed.inconsistencies
    ]
    for key, package in packages.items():
        if key not in skipped and (key not in found or not _same(package, found[key], root)):
            left.append(PlannedChange("install", package, "it is missing"))
    left += [
        PlannedChange("remove", found[key], "it is not in the lock")
        for key in found
        if key not in packages and key not in skipped
    ]
    if every_byte and not left:
        wrong = _differing(contents, {step.package.key for step in done.steps})
        left = [PlannedChange("relink", package, why) for package, why in wrong.items()]
    return left


def _differing(contents: prefixes.PrefixContents, among: Container[Key]) -> dict[Package, str]:
    from conda_lockstep.snapshot import deep

    return deep.differing(contents, among)


def _uncheckable(contents: prefixes.PrefixContents) -> dict[Package, str]:
    from conda_lockstep.snapshot import deep

    return deep.uncheckable(contents)


def _wrong_modes(contents: prefixes.PrefixContents) -> dict[Package, list[WrongMode]]:
    from conda_lockstep.snapshot import deep

    return deep.wrong_modes_of(contents)


def _chmods(kept: Iterable[Owner], modes: Mapping[Package, list[WrongMode]]) -> Iterator[PlannedChange]:
    """Yield the packages that stay, but for the permission bits of some files."""
    keys = {owner.package.key for owner in kept}
    for package, found in modes.items():
        if package.key in keys:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield PlannedChange("chmod", package, f"{found[0].path} {found[0].why}{more}")


def _everything(packages: PackageSet) -> tuple[PlannedChange, ...]:
    return tuple(PlannedChange("install", package, "") for package in packages.values())


def _steps(
    packages: PackageSet,
    present: Present,
    kept: tuple[Owner, ...],
    damaged: Mapping[Key, str],
    root: Path | None,
) -> Iterator[PlannedChange]:
    found = {owner.package.key: owner.package for owner in (*present.pip, *present.conda)}
    as_locked = {owner.package.key for owner in kept}
    for key, package in packages.items():
        if key in as_locked:
            continue
        other = found.get(key)
        if other is None:
            yield PlannedChange("install", package, damaged.get(key, "it is missing"))
        elif _same(package, other, root):
            yield PlannedChange("relink", package, damaged.get(key, "its Python is another"))
        else:
            yield PlannedChange("replace", package, _why_another(package, other, root))
    for key, package in sorted(found.items()):
        if key not in packages and key not in as_locked:
            yield PlannedChange("remove", package, "it is not in the lock")


def _damaged(installed: Installed, present: Present) -> dict[Key, str]:
    """Return what the records contradict each other about, and what removing strays will take away."""
    found: dict[Key, str] = {damage.package.key: damage.detail for damage in installed.inconsistencies}
    owners = {file.path: owner.package for owner in present.conda for file in owner.files}
    for stray in present.pip:
        for file in stray.files:
            owner = owners.get(file.path)
            if owner and owner.key not in found:
                found[owner.key] = f"pip installed {stray.package} over {file.path}"
    return found


def _is(packages: PackageSet, owner: Owner, root: Path | None) -> bool:
    wanted = packages.get(owner.package.key)
    return wanted is not None and _same(wanted, owner.package, root)


def _why_another(wanted: Package, found: Package, root: Path | None) -> str:
    source = project_source(wanted)
    if source is not None:
        return difference(source, found.url, str(root) if root else None)
    return f"{_with_difference(found, wanted)} is there"


def _same(wanted: Package, found: Package, root: Path | None) -> bool:
    """Say whether a package is the locked one, as far as its record tells; pip notes no file of an index (PEP 610)."""
    source = project_source(wanted)
    if source is not None:
        return not difference(source, found.url, str(root) if root else None)
    if wanted.manager == "pip":
        from packaging.utils import canonicalize_version

        same = canonicalize_version(wanted.version) == canonicalize_version(found.version)
        return same and (not found.url or found.sha256 == wanted.sha256)
    known = [(wanted.sha256, found.sha256), (wanted.md5, found.md5)]
    hashes = [one == other for one, other in known if one and other]
    return wanted.identity == found.identity and (hashes[0] if hashes else wanted.url == found.url)


def _with_difference(found: Package, wanted: Package) -> str:
    if str(found) != str(wanted):
        return f"{found.version} {found.build}".rstrip()
    return "another file of that name" if found.url in ("", wanted.url) else f"that of {found.url}"


def _has_other_python(packages: PackageSet, present: Present) -> bool:
    """Say whether the environment's Python changes its minor version, and with it where its modules are."""
    key = ("conda", "python")
    wanted = packages.get(("conda", "python"))
    found = next((owner.package for owner in present.conda if owner.package.key == key), None)
    if wanted is None or found is None:
        return found is not wanted
    return wanted.version.split(".")[:2] != found.version.split(".")[:2]
