"""The diff of two package sets: a pure function. ``severity`` grades its result, and ``render`` shows it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from conda_lockstep.conda.build_variants import device_of, flavor, stem
from conda_lockstep.conda.cuda_packages import cuda_selectors
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.conda.version import compare
from conda_lockstep.drift import pip_source
from conda_lockstep.drift.compare import origin as places
from conda_lockstep.drift.compare.aliases import project
from conda_lockstep.drift.compare.envelope_change import compare_envelopes
from conda_lockstep.drift.compare.unmet_edges import newly_unmet, with_unmet
from conda_lockstep.drift.compare.variants import NOTHING_KNOWN, Surroundings, device_changes, flips
from conda_lockstep.drift.duplicates import duplicates
from conda_lockstep.drift.license_terms import same_terms
from conda_lockstep.drift.model import Change, Drift, DriftClass, UnknownFact, VariantFlip
from conda_lockstep.lock.check.entry_url import names_another
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import Key, Package, PackageSet

_ARCHIVES = (".conda", ".tar.bz2")
_EXPLAINS_BYTES = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE, DriftClass.BUILD, DriftClass.CHANNEL})


@dataclass(frozen=True, slots=True)
class ComparableFacts:
    """The facts that both sides record, and that can be compared.

    ``pip`` is false if a side cannot contain pip packages; ``metadata`` is false if a side does not keep
    ``depends`` and ``constrains`` as published. ``locked`` is true for two locks of one format, whose categories and
    kinds of hashes can be compared. ``platform`` is that of both sides, empty if unknown.
    """

    pip: bool = True
    metadata: bool = True
    locked: bool = False
    platform: str = ""


EVERYTHING = ComparableFacts()


def diff(old: PackageSet, new: PackageSet, scope: ComparableFacts = EVERYTHING) -> Drift:
    """Compare two package sets of one platform.

    A fact that one side does not record (a hash, a build) is not compared, and is listed in ``unknown_facts``. The
    result is a function of the two sets alone, and ``diff(new, old)`` is its mirror image.
    """
    not_compared = () if scope.pip else tuple(sorted(key for key in {*old, *new} if key[0] == "pip"))
    before, after = (_in_scope(packages, scope) for packages in (old, new))
    around = Surroundings(scope.platform, before.keys(), after.keys())
    changes: list[Change] = []
    unchanged: list[Key] = []
    same = {change.package.key: change for change in device_changes(before, after, scope.platform)}
    for key, package in before.items():
        if (other := after.packages.get(key)) is None:
            continue
        change = compare_packages(package, other, metadata=scope.metadata, locked=scope.locked, around=around)
        change = change or same.get(key)
        if change is None:
            unchanged.append(key)
        else:
            changes.append(change)
    removed = [before[key] for key in before.keys() - after.keys()]
    added = [after[key] for key in after.keys() - before.keys()]
    changes += _moves(removed, added, around)
    if scope.locked and scope.metadata:
        changes = _with_unmet(changes, before, after, scope.platform)
    for each, keys in (
        (DriftClass.SHADOWED, shadows(before, after)),
        (DriftClass.DUPLICATE, duplicates(before, after)),
        (DriftClass.CONTRADICTION, _contradictions(changes) if scope.locked else frozenset()),
    ):
        changes = [with_class(change, each, keys) for change in changes] if keys else changes
    return Drift(
        changes=tuple(sorted(changes, key=_order)),
        unchanged=tuple(sorted(unchanged)),
        not_compared=not_compared,
        envelope=compare_envelopes(old, new) if scope.metadata else (),
        unknown_facts=tuple(_unknown_facts(before, after, not_compared)),
    )


def compare_packages(
    old: Package,
    new: Package,
    *,
    metadata: bool = True,
    locked: bool = False,
    around: Surroundings = NOTHING_KNOWN,
) -> Change | None:
    """Compare two packages with one key; None if no fact that both sides record differs."""
    if old == new:
        return None
    classes: set[DriftClass] = set()
    details: list[str] = []
    _compare_versions(old, new, classes, details)
    _compare_places(old, new, classes, details)
    if classes.isdisjoint(_EXPLAINS_BYTES):
        _compare_bytes(old, new, classes, details)
    if metadata and not classes:
        _compare_metadata(old, new, classes, details)
    if locked:
        _compare_entries(old, new, classes, details)
    if old.license and new.license and not same_terms(old.license, new.license):
        classes.add(DriftClass.LICENSE)
        details.append(f"license: {new.license} instead of {old.license}")
    if locked and not classes and old.url != new.url and names_another(old) != names_another(new):
        classes.add(DriftClass.CONTRADICTION)
    if not classes:
        return None
    flipped = flips(old, new, around)
    if flipped:
        classes.add(DriftClass.VARIANT)
    return Change(frozenset(classes), old, new, flipped, "; ".join(details))


def same_bytes(old: Package, new: Package) -> bool | None:
    """Return whether two files have the same hash; None if they have no kind of hash in common."""
    for one, other in ((old.sha256, new.sha256), (old.md5, new.md5)):
        if one and other:
            return one == other
    return None


def _in_scope(packages: PackageSet, scope: ComparableFacts) -> PackageSet:
    return packages if scope.pip else packages.only("conda")


def _compare_versions(old: Package, new: Package, classes: set[DriftClass], details: list[str]) -> None:
    order = compare(old.manager, old.version, new.version) if old.version != new.version else 0
    if order:
        classes.add(DriftClass.UPGRADE if order > 0 else DriftClass.DOWNGRADE)
    elif old.build and new.build and old.build != new.build:
        classes.add(DriftClass.BUILD)
    elif old.version != new.version:
        classes.add(DriftClass.METADATA)
        details.append(f"the version is spelled {new.version} instead of {old.version}")
    if pip_source.is_source_archive(old) != pip_source.is_source_archive(new) and {
        pip_source.is_wheel(old),
        pip_source.is_wheel(new),
    } == {True, False}:
        classes.add(DriftClass.BUILD)
        details.append(f"{pip_source.file_name(new)} instead of {pip_source.file_name(old)}")


def _compare_places(old: Package, new: Package, classes: set[DriftClass], details: list[str]) -> None:
    if old.manager == "conda" and old.url.rpartition("/")[0] == new.url.rpartition("/")[0] != "":
        return
    before, after = places.place(old), places.place(new)
    if old.manager == "pip" and not _both_provided(old, new):
        # A machine does not record the index that a package came from, only that it was one.
        before, after = pip_source.origin(old), pip_source.origin(new)
    if before == after or not (before and after):
        return
    if same_bytes(old, new) and (old.manager == "pip" or places.is_mirror(before, after)):
        classes.add(DriftClass.METADATA)
        details.append(f"the same file from {after} instead of {before}")
    else:
        classes.add(DriftClass.CHANNEL)
        details.append(f"from {after} instead of {before}")


def _both_provided(old: Package, new: Package) -> bool:
    """Return whether both sides tell who provides a pip package; a project always does."""
    return any(map(project_source, (old, new))) or all(map(pip_source.provider, (old, new)))


def _compare_bytes(old: Package, new: Package, classes: set[DriftClass], details: list[str]) -> None:
    """Classify a differing hash that nothing else explains."""
    before, after = pip_source.commit(old), pip_source.commit(new)
    if before and after and before != after:
        classes.add(DriftClass.BUILD)
        details.append(f"commit {after[:12]} instead of {before[:12]}")
        return
    if same_bytes(old, new) is not False:
        return
    one, other = pip_source.file_name(old), pip_source.file_name(new)
    if not (one and other) or one == other:
        classes.add(DriftClass.BYTES)
    elif old.manager == "pip":
        classes.add(DriftClass.BUILD)
        if not details:
            details.append(f"{other} instead of {one}")
    elif _bare(one) == _bare(other):
        classes.add(DriftClass.METADATA)
        details.append(
            f"another archive format of the same build, {other} instead of {one}; their bytes are not comparable"
        )
    else:
        classes.add(DriftClass.BYTES)
        details.append(f"{other} instead of {one}")


def _bare(file: str) -> str:
    for archive in _ARCHIVES:
        file = file.removesuffix(archive)
    return file


def _compare_metadata(old: Package, new: Package, classes: set[DriftClass], details: list[str]) -> None:
    if old.manager == "pip" and old.has_bounds != new.has_bounds:
        return  # one of the locks is from before bounds were recorded
    facts = (("depends", old.depends, new.depends), ("constrains", old.constrains, new.constrains))
    for fact, one, other in facts:
        if one == other:
            continue
        before, after = {_plain(spec) for spec in one}, {_plain(spec) for spec in other}
        if before and after and before != after:
            classes.add(DriftClass.METADATA)
            gone, come = sorted(before - after), sorted(after - before)
            details.append(
                f"{fact}: {', '.join(come) or 'nothing'} instead of {', '.join(gone) or 'nothing'}"
            )


def _compare_entries(old: Package, new: Package, classes: set[DriftClass], details: list[str]) -> None:
    """Compare what locks of one format record of an entry besides its package."""
    if old.category != new.category:
        classes.add(DriftClass.CATEGORY)
        details.append(f"category: {new.category or 'main'} instead of {old.category or 'main'}")
    before, after = pip_source.checksum(old), pip_source.checksum(new)
    if before != after:
        classes.add(DriftClass.HASH)
        details.append(f"checked by {after or 'nothing'} instead of {before or 'nothing'}")


def _with_unmet(changes: list[Change], old: PackageSet, new: PackageSet, platform: str) -> list[Change]:
    """Add what changed metadata requires in vain; a package that changed otherwise was solved for."""
    if not any(DriftClass.METADATA in change.classes for change in changes):
        return changes
    unmet = newly_unmet(old, new, platform)
    return [
        with_unmet(change, unmet[change.package.key])
        if DriftClass.METADATA in change.classes and change.package.key in unmet
        else change
        for change in changes
    ]


def _contradictions(changes: Iterable[Change]) -> frozenset[Key]:
    """Return the entries whose URL names another package on one side, and not in the same way on the other."""
    return frozenset(
        change.package.key
        for change in changes
        if (names_another(change.old) if change.old else "")
        != (names_another(change.new) if change.new else "")
    )


def _plain(spec: str) -> str:
    """Return a spec in one spelling: ``libgcc >=13,<14`` for ``libgcc  >=13, <14``, ``tzdata`` for ``tzdata *``."""
    text = re.sub(r"\s*([,;<>=!~|])\s*", r"\1", " ".join(spec.split()))
    return text.removesuffix(" *")


def _moves(removed: list[Package], added: list[Package], around: Surroundings) -> list[Change]:
    """Pair each removed package with the one that replaces it under another flavour or manager, if any."""
    pairs = _pairs(removed, added, _flavours)
    for manager in ("conda", "pip"):
        went = [package for package in _without(removed, pairs) if package.manager == manager]
        came = [package for package in _without(added, pairs) if package.manager != manager]
        pairs += _pairs(went, came, lambda package: stem(project(package)))
    pairs += _other_cuda(_without(removed, pairs), _without(added, pairs))
    changes = [_moved(old, new, around) for old, new in pairs]
    changes += [
        Change(frozenset({DriftClass.REMOVED}), package, None) for package in _without(removed, pairs)
    ]
    changes += [Change(frozenset({DriftClass.ADDED}), None, package) for package in _without(added, pairs)]
    return changes


def _other_cuda(removed: list[Package], added: list[Package]) -> list[tuple[Package, Package]]:
    """Pair the packages that pin the CUDA version, such as ``cudatoolkit`` and ``cuda-version``, if it differs."""
    went, came = (
        min((each for each in packages if each.name in cuda_selectors()), default=None)
        for packages in (removed, added)
    )
    return [(went, came)] if went and came and flips(went, came) else []


def _flavours(package: Package) -> object:
    """Return a key that the flavours of one project share, such as ``faiss-gpu``, ``faiss-cpu`` and ``faiss``."""
    return package.manager, stem(package.name)


def _without(packages: Iterable[Package], pairs: Iterable[tuple[Package, Package]]) -> list[Package]:
    paired = {side.key for pair in pairs for side in pair}
    return [package for package in packages if package.key not in paired]


def _pairs(
    removed: Iterable[Package], added: Iterable[Package], group: Callable[[Package], object]
) -> list[tuple[Package, Package]]:
    """Match the packages of each group in the order of their names, except two spellings of one name."""
    came: dict[object, list[Package]] = defaultdict(list)
    went: dict[object, list[Package]] = defaultdict(list)
    for packages, groups in ((removed, went), (added, came)):
        for package in sorted(packages, key=lambda p: p.key):
            groups[group(package)].append(package)
    matched = [pair for key in went for pair in zip(went[key], came.get(key, ()), strict=False)]
    return [(a, b) for a, b in matched if a.manager != b.manager or flavor(a.name) != flavor(b.name)]


def _moved(old: Package, new: Package, around: Surroundings) -> Change:
    """Describe a package that replaces another; their keys differ, so the flavour or the manager does."""
    classes = {DriftClass.MANAGER if old.manager != new.manager else DriftClass.VARIANT}
    order = compare("pip", old.version, new.version)
    if order:
        classes.add(DriftClass.UPGRADE if order > 0 else DriftClass.DOWNGRADE)
    flipped = flips(old, new, around)
    if not flipped and old.manager == new.manager:
        flipped = _flips_by_name(old, new, around)
    if flipped:
        classes.add(DriftClass.VARIANT)
    return Change(frozenset(classes), old, new, flipped)


def _flips_by_name(old: Package, new: Package, around: Surroundings) -> tuple[VariantFlip, ...]:
    """Return what the names of two packages of one project say of their variants, where their builds say nothing."""
    device = device_of(old, around.platform, around.old)
    other_device = device_of(new, around.platform, around.new)
    if device != other_device:
        return (VariantFlip("device", device, other_device),)
    cuda, other_cuda = flavor(old.name)[1], flavor(new.name)[1]
    return (VariantFlip("cuda", cuda, other_cuda),) if cuda != other_cuda else ()


def shadows(old: PackageSet, new: PackageSet) -> frozenset[Key]:
    """Return the pip packages that overwrite a conda package of the same project, on one side only."""
    if not any(manager == "pip" for manager, _ in (*old, *new)):
        return frozenset()
    sides = []
    for packages in (old, new):
        owned = owned_by_conda(packages.only("conda").values())
        sides.append({key for key in packages.only("pip") if normalize(key[1]) in owned})
    return frozenset(sides[0] ^ sides[1])


def with_class(change: Change, each: DriftClass, keys: frozenset[Key]) -> Change:
    """Return a change with a class added if it concerns one of some packages; see :func:`shadows`."""
    if not keys.intersection(change.keys):
        return change
    detail = change.detail
    if each is DriftClass.CONTRADICTION:
        faults = (names_another(side) for side in (change.new, change.old) if side)
        detail = "; ".join(filter(None, (detail, next(filter(None, faults), ""))))
    return change._replace(classes=change.classes | {each}, detail=detail)


def _unknown_facts(old: PackageSet, new: PackageSet, not_compared: tuple[Key, ...]) -> Iterable[UnknownFact]:
    missing: dict[Literal["bytes", "build"], list[Key]] = {"build": [], "bytes": []}
    for key, a in old.items():
        b = new.packages.get(key)
        if b is None or a.version != b.version:
            continue
        if key[0] == "conda" and not (a.build and b.build):
            missing["build"].append(key)
        if not (a.sha256 and b.sha256) and same_bytes(a, b) is None:
            missing["bytes"].append(key)
    for fact, keys in missing.items():
        if keys:
            yield UnknownFact(fact, tuple(sorted(keys)))
    if not_compared:
        yield UnknownFact("pip part", not_compared)


def _order(change: Change) -> tuple[str, str]:
    old, new = change.old, change.new
    if old is not None and (new is None or old.name == new.name) and old.manager == "conda":
        return old.name, "conda"  # the most frequent case, without computing both keys
    manager, name = change.keys[0]
    return name, manager
