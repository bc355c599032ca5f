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

from typing import Literal, TypeAlias

from conda_lockstep.conda.version import Step, compare_conda, step
from conda_lockstep.drift.model import Change, Drift, DriftClass, EnvelopeChange, Judgement, VariantFlip
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.drift.severity.companions import demote_companions
from conda_lockstep.drift.severity.layers import OTHER, STACK, Layer, layer_named, layer_of
from conda_lockstep.drift.severity.requirers import Requirers
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot.model import UnownedKind

ComparisonKind: TypeAlias = Literal["lock_to_lock", "lock_to_prefix", "prefix_to_prefix", "spec_to_spec"]


DANGER: tuple[DriftClass, ...] = (
    DriftClass.SHADOWED,
    DriftClass.BYTES,
    DriftClass.DAMAGED,
    DriftClass.VANISHED,
    DriftClass.UNOWNED,
    DriftClass.MACHINE,
    DriftClass.VARIANT,
    DriftClass.MANAGER,
    DriftClass.REMOVED,
    DriftClass.CHANNEL,
    DriftClass.DOWNGRADE,
    DriftClass.UPGRADE,
    DriftClass.RAISED,
    DriftClass.CONSTRAINT,
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
    removed = [change.package for change in drift.changes if DriftClass.REMOVED in change.classes]
    requirers = Requirers(old, new, removed)
    judgements = [_judge(change, requirers, kind) for change in drift.changes]
    judgements += [_judge_envelope(change) for change in drift.envelope]
    return tuple(sorted(demote_companions(judgements), key=_rank))


def _judge(change: Change, requirers: Requirers, kind: ComparisonKind) -> Judgement:
    layer = layer_of(change.package)
    graded = [
        Judgement(change, *_grade(each, change, layer, requirers, kind), each) for each in change.classes
    ]
    return graded[0] if len(graded) == 1 else min(graded, key=_weight)


def _weight(judgement: Judgement) -> tuple[int, int]:
    return SEVERITIES.index(judgement.severity), _RANKS[judgement.decisive]


def _grade(
    each: DriftClass, change: Change, layer: Layer | None, requirers: Requirers, kind: ComparisonKind
) -> tuple[Severity, str]:
    """Return the severity of one class of a change, and why it matters."""
    if each is DriftClass.UPGRADE or each is DriftClass.DOWNGRADE:
        return _grade_version(change, each, layer, kind)
    if each is DriftClass.ADDED:
        return _grade_added(layer, kind)
    if each is DriftClass.REMOVED:
        return _grade_removed(change.package, layer, requirers, kind)
    if each is DriftClass.BUILD:
        return _grade_build(change.package, layer, kind)
    if each is DriftClass.VARIANT:
        grades = [_grade_flip(flip, layer, kind) for flip in change.flips]
        return min(grades, key=lambda g: SEVERITIES.index(g[0]))
    if each is DriftClass.CONSTRAINT:
        return _grade_constraint(change, layer)
    if each is DriftClass.CHANNEL:
        return _grade_channel(change, layer, kind)
    if each is DriftClass.SHADOWED and change.new is None and kind in ("lock_to_lock", "spec_to_spec"):
        return "info", "it no longer overwrites the other manager's files"
    return _FIXED[each]


_FIXED: dict[DriftClass, tuple[Severity, str]] = {
    DriftClass.SHADOWED: (
        "critical",
        "both managers own its files: the code that is imported is not what conda records",
    ),
    DriftClass.BYTES: (
        "critical",
        "the same file name has other contents: replaced upstream, or tampered with",
    ),
    DriftClass.VANISHED: ("high", "it can no longer be downloaded: no new machine can install this lock"),
    DriftClass.DAMAGED: (
        "critical",
        "its files in the prefix differ from what was recorded when they were installed",
    ),
    DriftClass.MANAGER: ("high", "the other manager builds it with other compilers, libraries and options"),
    DriftClass.METADATA: ("info", "the same bytes; only the metadata differs"),
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


def _grade_added(layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "lock_to_prefix":
        return ("high" if layer else "medium"), "installed, but not locked"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    return ("low" if layer else "info"), f"new in the {layer.title} layer" if layer else "new"


def _grade_removed(
    package: Package, layer: Layer | None, requirers: Requirers, kind: ComparisonKind
) -> tuple[Severity, str]:
    if kind == "spec_to_spec":
        return ("medium" if layer else "low"), "no longer requested; it stays if another package requires it"
    if names := sorted(requirers.after(package)):
        return "critical", f"{names[0]} still requires it and will fail on import"
    if kind == "lock_to_prefix":
        return "critical", "locked, but not installed"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    if requirers.before(package):
        return "low", "no longer required"
    if package.manager == "pip":
        return (
            "critical",
            "it was requested directly, and conda's own tools do not notice a missing pip package",
        )
    return ("critical" if layer else "high"), "it was requested directly, or what required it is unknown"


def _grade_only_one(layer: Layer | None) -> tuple[Severity, str]:
    return ("critical" if layer else "high"), "only one of the two machines has it"


def _grade_version(
    change: Change, each: DriftClass, layer: Layer | None, kind: ComparisonKind
) -> tuple[Severity, str]:
    if change.old is None or change.new is None:
        raise ValueError("a version changes between two sides")
    how_far = step(change.old.version, change.new.version)
    severity = (layer or OTHER).of(how_far)
    if kind in ("lock_to_prefix", "prefix_to_prefix"):
        severity = _worse(severity)
    if layer is None:
        return severity, _DIFFERS.get(kind) or _STEPS[how_far]
    if each is DriftClass.DOWNGRADE:
        return _worse(severity), "packages built against the newer version may not run"
    return severity, layer.why if severity in ("critical", "high") else f"{layer.title}: {_STEPS[how_far]}"


_DIFFERS: dict[str, str] = {
    "lock_to_prefix": "this machine differs from the lock",
    "prefix_to_prefix": "the two machines differ",
}
_STEPS: dict[Step, str] = {
    "major": "a major release may remove APIs that your code uses",
    "minor": "a minor release may change defaults and results",
    "patch": "a patch release",
}


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
    return ("high" if layer or manager == "pip" else "medium"), _CHANNEL[manager]


def _grade_build(package: Package, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "spec_to_spec":
        return ("medium" if layer else "low"), "another build is requested"
    if kind in ("lock_to_prefix", "prefix_to_prefix"):
        return "critical", "the same version in another build: its bytes differ from the other machines'"
    if layer:
        return layer.build, f"rebuilt: {layer.why}"
    if package.subdir == "noarch":
        return "info", "rebuilt; it contains no compiled code"
    return OTHER.build, "rebuilt, possibly against other libraries"


def _grade_flip(flip: VariantFlip, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    """Return the severity of a flip; outside the stack it is one lower, except for a lost GPU build."""
    if flip.axis == "device":
        return _grade_device(flip, layer, kind)
    severity, why = _FLIPS[flip.axis]
    return (severity if layer or severity != "critical" else "high"), why


_FLIPS: dict[str, tuple[Severity, str]] = {
    "interpreter": ("critical", "another interpreter: compiled extensions for the old one do not load"),
    "cuda": ("critical", "another CUDA major version: it requires another driver and rebuilt GPU extensions"),
    "mpi": ("critical", "another MPI: the launcher, the libraries and all ranks must change together"),
    "blas": ("medium", "another BLAS: results differ in the last bits, and threading differs"),
    "openmp": ("high", "another OpenMP runtime: two of them in one process can hang or crash it"),
}


def _grade_device(flip: VariantFlip, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "spec_to_spec" and flip.new != "cpu" and flip.old != "cpu":
        if flip.new:
            return ("medium" if layer else "low"), "a GPU build is requested now"
        return (
            "critical" if layer else "high"
        ), "no GPU build is requested any more: it may become a CPU build"
    if flip.new == "cpu":
        return "critical", "the GPU build became a CPU build: training fails or crawls on the CPU"
    if not flip.new:
        return (
            "critical" if layer else "high"
        ), "the build no longer names a GPU variant: it may be a CPU build"
    return (
        "high" if layer else "medium"
    ), "it is a GPU build now: it requires a driver, and results may differ"


def _judge_envelope(change: EnvelopeChange) -> Judgement:
    if change.direction is DriftClass.LOWERED:
        return Judgement(change, "info", "it runs on more machines than before", change.direction)
    is_major = change.virtual_package == "__cuda" and (
        not change.old
        or (step(change.old, change.new) == "major" and compare_conda(change.old, change.new) > 0)
    )
    needed = {"__cuda": "NVIDIA driver", "__glibc": "glibc"}.get(
        change.virtual_package, change.virtual_package
    )
    why = f"nodes without {'a newer' if change.old else 'this'} {needed} cannot install it"
    return Judgement(change, "critical" if is_major else "high", why, change.direction)


def _worse(severity: Severity) -> Severity:
    return SEVERITIES[max(0, SEVERITIES.index(severity) - 1)]


def _rank(judgement: Judgement) -> tuple[int, int, int, str]:
    change = judgement.change
    severity, danger = SEVERITIES.index(judgement.severity), _RANKS[judgement.decisive]
    if isinstance(change, EnvelopeChange):
        return severity, danger, -1, change.virtual_package
    name = change.package.name
    layer = layer_named(name)
    return severity, danger, STACK.index(layer) if layer else len(STACK), name
