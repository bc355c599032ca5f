"""Grades every change of a drift by what it can break in distributed training.

Five severities, most dangerous first: ``critical`` (the job fails, hangs or computes something else),
``high`` (it may, on this or the next machine), ``medium`` (worth reading), ``low`` (routine),
``info`` (good to know). The comparison can be of four kinds:

*lock_to_lock*: two locks, where a user intended a change;
*lock_to_prefix*: a lock (old) and a machine (new), where nothing may differ;
*prefix_to_prefix*: two machines, where nothing may differ either;
*spec_to_spec*: two environment files, which a solver has yet to resolve.

Where nothing may differ, another build, an absent package and other bytes are critical, and a change of
version is one severity worse: one rank that differs is worse than a change on all ranks.
"""

from __future__ import annotations

from typing import NamedTuple

from conda_lockstep.conda.version import compare_conda, step
from conda_lockstep.drift.duplicates import duplicated, library_of
from conda_lockstep.drift.model import Change, Drift, DriftClass, EnvelopeChange, Judgement
from conda_lockstep.drift.pip_source import checksum, is_source_archive, is_wheel, provider
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.drift.severity.companions import follow
from conda_lockstep.drift.severity.comparison_kind import NOTHING_MAY_DIFFER, ComparisonKind
from conda_lockstep.drift.severity.grade_flip import grade_flip
from conda_lockstep.drift.severity.grade_presence import grade_added, grade_removed
from conda_lockstep.drift.severity.grade_version import grade_version
from conda_lockstep.drift.severity.layers import OTHER, STACK, Layer, layer_named, layer_of
from conda_lockstep.drift.severity.requirers import Requirers
from conda_lockstep.lock.check.entry_url import names_another
from conda_lockstep.packages import Key, PackageSet
from conda_lockstep.snapshot.model import UnownedKind

DANGER: tuple[DriftClass, ...] = (
    DriftClass.SHADOWED,
    DriftClass.BYTES,
    DriftClass.CONTRADICTION,
    DriftClass.DAMAGED,
    DriftClass.VANISHED,
    DriftClass.YANKED,
    DriftClass.UNMET,
    DriftClass.DUPLICATE,
    DriftClass.UNOWNED,
    DriftClass.MACHINE,
    DriftClass.VARIANT,
    DriftClass.MANAGER,
    DriftClass.REMOVED,
    DriftClass.CATEGORY,
    DriftClass.CHANNEL,
    DriftClass.HASH,
    DriftClass.DOWNGRADE,
    DriftClass.UPGRADE,
    DriftClass.RAISED,
    DriftClass.CONSTRAINT,
    DriftClass.LICENSE,
    DriftClass.BUILD,
    DriftClass.ADDED,
    DriftClass.METADATA,
    DriftClass.LOWERED,
)
"""The order among changes of one severity, and which of two classes of one severity decides."""
_RANKS = {each: place for place, each in enumerate(DANGER)}


def judge(
    drift: Drift, old: PackageSet, new: PackageSet, kind: ComparisonKind = "lock_to_lock"
) -> tuple[Judgement, ...]:
    """Grade every change of ``diff(old, new)``; most dangerous first, then by layer, then by name."""
    alone = [change.package for change in drift.changes if change.old is None or change.new is None]
    requirers = Requirers(old, new, alone)
    doubled = (
        duplicated(new)
        if any(DriftClass.DUPLICATE in each.classes for each in drift.changes)
        else frozenset()
    )
    context = _GradingContext(kind, requirers, doubled)

    def graded(change: Change) -> Judgement:
        return _judge(change, context)

    judgements = [graded(change) for change in drift.changes]
    judgements += [_judge_envelope(change) for change in drift.envelope]
    return tuple(sorted(follow(judgements, requirers, kind, graded), key=_rank))


class _GradingContext(NamedTuple):
    """What decides on a change besides the change: ``doubled`` are the new side's copies of one library."""

    kind: ComparisonKind
    requirers: Requirers
    doubled: frozenset[Key]


def _judge(change: Change, context: _GradingContext) -> Judgement:
    layer = layer_of(change.package)
    graded = [Judgement(change, *_grade(each, change, layer, context), each) for each in change.classes]
    return graded[0] if len(graded) == 1 else min(graded, key=_weight)


def _weight(judgement: Judgement) -> tuple[int, int]:
    return SEVERITIES.index(judgement.severity), _RANKS[judgement.decisive]


def _grade(
    each: DriftClass, change: Change, layer: Layer | None, context: _GradingContext
) -> tuple[Severity, str]:
    """Return the severity of one class of a change, and why it matters."""
    kind = context.kind
    if each is DriftClass.UPGRADE or each is DriftClass.DOWNGRADE:
        return grade_version(change, layer, kind, is_downgrade=each is DriftClass.DOWNGRADE)
    if each is DriftClass.ADDED:
        return grade_added(change.package, layer, kind)
    if each is DriftClass.REMOVED:
        return grade_removed(change.package, layer, context.requirers, kind)
    if each is DriftClass.BUILD:
        return _grade_build(change, layer, kind)
    if each is DriftClass.VARIANT:
        if not change.flips:
            return "low", "the same project under another name"
        grades = [grade_flip(flip, change.package, layer, kind) for flip in change.flips]
        return min(grades, key=lambda g: SEVERITIES.index(g[0]))
    if each is DriftClass.CONSTRAINT:
        return _grade_constraint(change, layer)
    if each is DriftClass.CHANNEL:
        return _grade_channel(change, layer, kind)
    if each is DriftClass.HASH:
        return _grade_hash(change)
    if each is DriftClass.CATEGORY:
        return _grade_category(change)
    if each is DriftClass.DUPLICATE:
        return _grade_duplicate(change, context.doubled)
    if each is DriftClass.CONTRADICTION and not (change.new and names_another(change.new)):
        return "info", "its URL no longer names another package"
    if each is DriftClass.SHADOWED and change.new is None and kind in ("lock_to_lock", "spec_to_spec"):
        return "info", "it no longer overwrites the other manager's files"
    return _FIXED[each]


LICENSE: tuple[Severity, str] = ("medium", "its license changed: check that you may still use and ship it")
_FIXED: dict[DriftClass, tuple[Severity, str]] = {
    DriftClass.SHADOWED: (
        "critical",
        "both managers own its files: the code that is imported is not what conda records",
    ),
    DriftClass.BYTES: (
        "critical",
        "the same package has other contents: replaced upstream, or tampered with",
    ),
    DriftClass.CONTRADICTION: (
        "critical",
        "installers install what the URL names, which is not what the lock says",
    ),
    DriftClass.VANISHED: ("high", "it can no longer be downloaded: no new machine can install this lock"),
    DriftClass.YANKED: ("high", "its publisher withdrew it: a new lock will not have it"),
    DriftClass.UNMET: ("high", "its new metadata rules out what is locked beside it: a new lock will differ"),
    DriftClass.LICENSE: LICENSE,
    DriftClass.DAMAGED: (
        "critical",
        "its files in the prefix differ from what was recorded when they were installed",
    ),
    DriftClass.MANAGER: ("high", "the other manager builds it with other compilers, libraries and options"),
    DriftClass.METADATA: (
        "info",
        "the same package: only its metadata, its URL or its archive format differs",
    ),
}
UNOWNED: dict[UnownedKind, tuple[Severity, str]] = {
    "startup": (
        "critical",
        "it runs at every start of Python and can change anything before the job's first line",
    ),
    "activation": ("high", "an activated shell differs from what the locked packages set up"),
    "shadows": ("critical", "it hides a locked package: the code that is loaded is not the locked code"),
    "path": ("high", "it makes modules importable that are not locked"),
    "file": ("high", "it can be loaded, and is not locked"),
    "present": ("info", "it hides nothing in the prefix"),
}
"""The severity of files and variables that belong to no package, and why they matter."""

_CHANNEL = {
    "conda": "channels build with different compilers and options; mixing them mixes ABIs",
    "pip": "it comes from another source than before, so its contents may differ",
}
_UNENCRYPTED = "it comes over HTTP without TLS: anyone on the way can replace it"


def _grade_constraint(change: Change, layer: Layer | None) -> tuple[Severity, str]:
    before, after = (side.version if side else "" for side in (change.old, change.new))
    if before == after:
        return ("medium" if layer else "low"), "the same versions, with another condition or other extras"
    if not after:
        return (
            "high" if layer else "medium"
        ), "unpinned now: each machine installs the latest version at the time"
    if not before:
        return "low", "it was unpinned before"
    was_pin, is_pin = before[0].isalnum(), after[0].isalnum()
    if is_pin and not was_pin:
        return "low", "it is pinned now"
    why = "it was pinned before" if was_pin and not is_pin else "another range of versions"
    return ("medium" if layer else "low"), why


def _grade_channel(change: Change, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    manager = change.package.manager
    if kind == "spec_to_spec" and manager == "conda" and change.old and change.new:
        if not change.old.channel:
            return "low", "its channel is specified now"
        if not change.new.channel:
            return ("high" if layer else "medium"), "any channel can provide it now"
    if manager == "pip" and change.new and "http://" in provider(change.new):
        return "high", _UNENCRYPTED
    return ("high" if layer or manager == "pip" else "medium"), _CHANNEL[manager]


def _grade_build(change: Change, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    package = change.package
    if kind == "spec_to_spec":
        return ("medium" if layer else "low"), "another build is requested"
    is_same = change.old is not None and change.new is not None and change.old.version == change.new.version
    if kind in NOTHING_MAY_DIFFER and is_same:
        return "critical", "the same version in another build: its bytes differ from the other machines'"
    if change.old and change.new and is_wheel(change.old) and is_source_archive(change.new):
        return "high", "a source distribution instead of a wheel: each machine runs its code to build it"
    if change.old and change.new and is_source_archive(change.old) and is_wheel(change.new):
        return "low", "a wheel instead of a source distribution: all machines get the same files"
    if package.subdir == "noarch":
        return "info", "rebuilt; it contains no compiled code"
    if layer and layer.build in ("critical", "high"):
        return layer.build, f"rebuilt: {layer.why}"
    return (layer or OTHER).build, "rebuilt, possibly against other libraries"


def _grade_hash(change: Change) -> tuple[Severity, str]:
    before, after = (checksum(side) if side else "" for side in (change.old, change.new))
    if not after:
        return "high", "the lock no longer records its hash: whatever the server sends is installed"
    if after == "md5" and before:
        return "medium", "only an MD5 hash checks it now, and files with a given MD5 can be forged"
    return "info", "a stronger hash checks it now"


def _grade_category(change: Change) -> tuple[Severity, str]:
    before, after = (side.category if side else "" for side in (change.old, change.new))
    if after and not before:
        return (
            "critical",
            "installers skip what is not in the category 'main', unless they are told otherwise",
        )
    if before and not after:
        return "medium", "it is in the category 'main' now: every installer installs it"
    return "low", "it is in another category, and installers skip both unless they are told otherwise"


def _grade_duplicate(change: Change, doubled: frozenset[Key]) -> tuple[Severity, str]:
    library = library_of(change.package)
    if library is None or change.new is None or change.new.key not in doubled:
        return "info", "there is one copy of this library now"
    return library.severity, f"a second {library.name}: {library.why}"


_SYSTEMS = frozenset({"__unix", "__linux", "__osx", "__win"})
"""Virtual packages that each machine of a platform has, in some version: CEP 30 and CEP 31."""


def _judge_envelope(change: EnvelopeChange) -> Judgement:
    if change.direction is DriftClass.LOWERED:
        return Judgement(change, "info", "it runs on more machines than before", change.direction)
    if change.virtual_package in _SYSTEMS and change.new == "any":
        return Judgement(change, "info", "every machine of the platform has it", change.direction)
    is_major = change.virtual_package == "__cuda" and (
        not change.old
        or (step(change.old, change.new) == "major" and compare_conda(change.old, change.new) > 0)
    )
    needed = {"__cuda": "NVIDIA driver", "__glibc": "glibc"}.get(
        change.virtual_package, change.virtual_package
    )
    why = f"nodes without {'a newer' if change.old else 'this'} {needed} cannot install it"
    return Judgement(change, "critical" if is_major else "high", why, change.direction)


def _rank(judgement: Judgement) -> tuple[int, int, int, str]:
    change = judgement.change
    severity, danger = SEVERITIES.index(judgement.severity), _RANKS[judgement.decisive]
    if isinstance(change, EnvelopeChange):
        return severity, danger, -1, change.virtual_package
    name = change.package.name
    layer = layer_named(name)
    return severity, danger, STACK.index(layer) if layer else len(STACK), name
