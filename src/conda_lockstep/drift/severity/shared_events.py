"""The events that packages share: another device, CUDA, MPI or BLAS for all of them, and another Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple, TypeAlias

from conda_lockstep.conda.build_variants import frameworks
from conda_lockstep.conda.cuda_packages import cuda_selectors
from conda_lockstep.conda.version import step
from conda_lockstep.drift.model import Change, DriftClass, EnvelopeChange, Judgement, VariantFlip
from conda_lockstep.drift.report import SEVERITIES
from conda_lockstep.drift.severity.grade_flip import GPU_BUILDS
from conda_lockstep.drift.severity.layers import STACK, layer_named
from conda_lockstep.drift.severity.requirers import Requirers
from conda_lockstep.packages import Key

ALONE = frozenset({DriftClass.ADDED, DriftClass.REMOVED})
_MOVED = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE})
_SAME_PROJECT = frozenset({DriftClass.BUILD, DriftClass.VARIANT})
_DEMOTABLE = frozenset(SEVERITIES[: SEVERITIES.index("low")])
_CUDA_PARTS = frozenset({"CUDA runtime", "cuDNN", "NCCL", "CUDA libraries"})
_TOOLKIT = frozenset({"CUDA runtime", "CUDA libraries"})
_PYTHON_TAG = re.compile(r"(?<![a-z])(py\d+|cp\d+)(?=_|h[0-9a-f]{7}|$)")


class Graded(NamedTuple):
    """A change of a package, and its judgement."""

    judgement: Judgement
    change: Change


Leaders: TypeAlias = Mapping[Key, Graded]
Event: TypeAlias = Callable[[Judgement, Callable[[Change], Judgement]], Judgement]
"""Returns a judgement as a follower of the event if it is one; grades a change again where it has to."""


def following(judgement: Judgement, leader: str) -> Judgement:
    """Return a judgement that follows a package; it is ``low`` or ``info``, since the leader has the severity."""
    severity = "low" if judgement.severity in _DEMOTABLE else judgement.severity
    return judgement._replace(severity=severity, why=f"it follows {leader}", follows=leader)


def leads(leader: Judgement, judgement: Judgement) -> bool:
    """Return whether a judgement can hide behind another, which must not be less severe."""
    return SEVERITIES.index(leader.severity) <= SEVERITIES.index(judgement.severity)


def precedence(judgement: Judgement) -> tuple[int, int, str]:
    """Return what the leader of an event has least of: its severity, then its layer, then its name."""
    change = judgement.change
    name = change.virtual_package if isinstance(change, EnvelopeChange) else change.package.name
    layer = layer_named(name)
    return SEVERITIES.index(judgement.severity), STACK.index(layer) if layer else len(STACK), name


def shared_flips(judgements: Iterable[Judgement]) -> tuple[VariantFlip, ...]:
    """Return the flips of some changes, such as ``cuda`` → ``cpu``, each once."""
    changes = (each.change for each in judgements)
    return tuple(dict.fromkeys(flip for each in changes if isinstance(each, Change) for flip in each.flips))


def flip_event(flip: VariantFlip, judgements: Iterable[Judgement], requirers: Requirers) -> Event | None:
    """Return the event of a flip; None if all packages that have it follow others already."""
    members = [
        Graded(each, each.change)
        for each in judgements
        if isinstance(each.change, Change) and flip in each.change.flips and not each.follows
    ]
    if not members:
        return None
    # cuda-version leads another CUDA; the framework leads another device.
    leader = min(
        members,
        key=lambda each: (each.change.package.name not in cuda_selectors(), precedence(each.judgement)),
    )
    name = leader.change.package.name

    def event(judgement: Judgement, grade: Callable[[Change], Judgement]) -> Judgement:
        change = judgement.change
        if change is leader.change:
            return judgement
        if isinstance(change, Change) and flip in change.flips:
            return _without_flip(judgement, change, flip, leader, grade)
        is_led = (
            _is_bound(change, flip)
            if isinstance(change, EnvelopeChange)
            else _is_part(change, flip, requirers)
        )
        return following(judgement, name) if is_led and leads(leader.judgement, judgement) else judgement

    return event


def _without_flip(
    judgement: Judgement,
    change: Change,
    flip: VariantFlip,
    leader: Graded,
    grade: Callable[[Change], Judgement],
) -> Judgement:
    """Let a package with the flip of its leader follow it; what else changed of it may stand by itself."""
    if not leads(leader.judgement, judgement):
        return judgement
    flips = tuple(each for each in change.flips if each != flip)
    classes = change.classes if flips else change.classes - {DriftClass.VARIANT}
    if not classes or (not flips and classes == {DriftClass.BUILD}):
        return following(judgement, leader.change.package.name)
    rest = grade(change._replace(classes=classes, flips=flips))
    if rest.severity in ("low", "info"):
        return following(judgement, leader.change.package.name)
    return rest._replace(change=change)


def _is_bound(change: EnvelopeChange, flip: VariantFlip) -> bool:
    """Return whether a bound on the driver came or went with a GPU build."""
    direction = DriftClass.RAISED if flip.new in GPU_BUILDS else DriftClass.LOWERED
    return flip.axis == "device" and change.virtual_package == "__cuda" and change.direction is direction


def _is_part(change: Change, flip: VariantFlip, requirers: Requirers) -> bool:
    """Return whether a package came or went with a flip: CUDA's libraries with another device, for example."""
    if not change.classes <= ALONE or requirers.after_removal(change):
        return False
    layer = layer_named(change.package.name)
    title = layer.title if layer else ""
    if flip.axis == "device":
        is_cuda = title in _CUDA_PARTS or change.package.name in _bringing_cuda()
        return is_cuda and (change.old is None) == (flip.new in GPU_BUILDS)
    return title in _TOOLKIT if flip.axis == "cuda" else flip.axis == "mpi" and title == "MPI"


@cache
def _bringing_cuda() -> frozenset[str]:
    """Return the packages that bring CUDA to a framework, such as ``jax-cuda12-plugin``."""
    return frozenset(name for framework in frameworks().values() for name in framework.with_cuda)


def toolkit_event(leaders: Leaders) -> Iterator[Event]:
    """Yield the event of another CUDA version, if what selects it changed: the parts of the toolkit follow."""
    selectors = [each for name in sorted(cuda_selectors()) if (each := leaders.get(("conda", name)))]
    moved = [each for each in selectors if not each.change.classes.isdisjoint(_MOVED)]
    if not moved:
        return
    leader = min(
        moved, key=lambda each: (each.change.package.name != "cuda-version", precedence(each.judgement))
    )
    direction, name = leader.change.classes & _MOVED, leader.change.package.name

    def event(judgement: Judgement, grade: Callable[[Change], Judgement]) -> Judgement:
        del grade
        change = judgement.change
        if not isinstance(change, Change) or change is leader.change or change.package.manager != "conda":
            return judgement
        layer = layer_named(change.package.name)
        alike = change.classes & _MOVED == direction and change.classes <= _MOVED | _SAME_PROJECT
        is_led = layer is not None and layer.title in _TOOLKIT and alike
        return following(judgement, name) if is_led and leads(leader.judgement, judgement) else judgement

    yield event


def python_event(leaders: Leaders) -> Iterator[Event]:
    """Yield the event of another Python minor version, if there is one: what is only built for it follows it."""
    python = leaders.get(("conda", "python"))
    change = python.change if python else None
    if change is None or change.old is None or change.new is None or change.classes.isdisjoint(_MOVED):
        return
    if step(change.old.version, change.new.version) != "patch":
        yield _built_for_python


def _built_for_python(judgement: Judgement, grade: Callable[[Change], Judgement]) -> Judgement:
    del grade
    change = judgement.change
    if (
        not isinstance(change, Change)
        or change.classes != {DriftClass.BUILD}
        or not (change.old and change.new)
    ):
        return judgement
    before, after = (_PYTHON_TAG.findall(side.build) for side in (change.old, change.new))
    return following(judgement, "python") if before and after and before != after else judgement
