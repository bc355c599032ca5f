"""Finds which package leads an event, and which follow it: one event is one row, with a count.

A switch from GPU to CPU changes the framework, what is built with it, and dozens of CUDA libraries. The framework
leads, and the others follow, unless they change in another way as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.torch_releases import is_released_with
from conda_lockstep.data import table
from conda_lockstep.drift.model import Change, DriftClass, EnvelopeChange, Judgement
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.requirers import Requirers
from conda_lockstep.drift.severity.shared_events import (
    ALONE,
    Graded,
    Leaders,
    flip_event,
    following,
    leads,
    precedence,
    python_event,
    shared_flips,
    toolkit_event,
)
from conda_lockstep.packages import Key

_FOLLOWING = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE, DriftClass.BUILD, DriftClass.VARIANT})
_TORCH: tuple[Key, ...] = (("pip", "torch"), ("conda", "pytorch"))


def follow(
    judgements: Iterable[Judgement],
    requirers: Requirers,
    kind: ComparisonKind,
    grade: Callable[[Change], Judgement],
) -> list[Judgement]:
    """Return the judgements; those that follow another name it, and are ``low`` or ``info``.

    Between locks, ``grade`` grades a change again without the flip that it shares with its leader: what is left may
    matter by itself.
    """
    judgements = list(judgements)
    leaders = {
        key: Graded(each, each.change)
        for each in judgements
        if isinstance(each.change, Change)
        for key in each.change.keys
    }
    pins = _exact_pins(leaders.values()) if kind == "lock_to_lock" else {}
    found = [_with_project(each, leaders, pins) for each in judgements]
    if kind == "lock_to_lock":
        for event in toolkit_event(leaders):
            found = [each if each.follows else event(each, grade) for each in found]
        for flip in shared_flips(found):
            if shared := flip_event(flip, found, requirers):
                found = [each if each.follows else shared(each, grade) for each in found]
        for event in python_event(leaders):
            found = [each if each.follows else event(each, grade) for each in found]
        found = [each if each.follows else _with_requirer(each, leaders, requirers) for each in found]
        found = _hashes(found)
    return _at_their_roots(found, judgements)


def _name(judgement: Judgement) -> str:
    change = judgement.change
    return change.virtual_package if isinstance(change, EnvelopeChange) else change.package.name


def _at_their_roots(found: list[Judgement], judgements: Sequence[Judgement]) -> list[Judgement]:
    """Let what follows a package that follows another one follow that; of a circle, one package leads."""
    followers = [(each, before) for each, before in zip(found, judgements, strict=True) if each.follows]
    if not followers:
        return found
    led = {_name(each): each.follows for each, _ in followers}
    alone = {_name(before): before for _, before in followers}
    for name in sorted(led, key=lambda name: precedence(alone[name])):
        if name in led and name in _above(name, led):
            del led[name]
    return [
        each
        if not each.follows
        else following(each, _above(_name(each), led)[-1])
        if _name(each) in led
        else before
        for each, before in zip(found, judgements, strict=True)
    ]


def _above(name: str, led: Mapping[str, str]) -> list[str]:
    """Return the packages that a package follows, the next first; the package itself is among them in a circle."""
    found: list[str] = []
    while name in led and led[name] not in found:
        name = led[name]
        found.append(name)
    return found


# Packages that are released together


@cache
def _leader_names() -> Mapping[str, str]:
    return {
        follower.strip(): leader for leader, names in table("companions") for follower in names.split(",")
    }


def _with_project(judgement: Judgement, leaders: Leaders, pins: Mapping[Key, Graded]) -> Judgement:
    """Let a package follow the one that it is released or built with, where both changed in the same way.

    Besides those of ``data/companions.txt`` and ``data/torch.txt``, these are the parts of a project
    (``libarrow-acero`` with ``libarrow``, from the same version to the same version), and what a leader requires in
    exactly this version.
    """
    change = judgement.change
    if not isinstance(change, Change) or not change.classes <= _FOLLOWING:
        return judgement
    leader = _leader(change, leaders)
    if leader is None or leader.judgement.decisive is not judgement.decisive:
        leader = pins.get(_normal(change.package.key))
    if leader is None or leader.change is change or not leads(leader.judgement, judgement):
        return judgement
    return following(judgement, leader.change.package.name)


def _leader(change: Change, leaders: Leaders) -> Graded | None:
    manager, name = change.package.key
    if manager == "conda" and (named := _leader_names().get(name)):
        return leaders.get((manager, named))
    for whole in _wholes(name):
        found = leaders.get((manager, whole))
        if found and _versions(found.change) == _versions(change):
            return found
    torch = next((leaders[key] for key in _TORCH if key in leaders), None)
    if torch and all(
        one and other and is_released_with(name, one.version, other.version)
        for one, other in ((change.old, torch.change.old), (change.new, torch.change.new))
    ):
        return torch
    return None


def _wholes(name: str) -> Iterator[str]:
    """Yield the projects that a package may be part of, such as ``libarrow`` for ``libarrow-acero``."""
    while "-" in name:
        yield name.partition("-")[2] if name.startswith("py-") else name.rpartition("-")[0]
        name = name.rpartition("-")[0]
    if name.startswith("lib"):
        yield name[3:]


def _versions(change: Change) -> tuple[str, ...]:
    return tuple(side.version for side in (change.old, change.new) if side)


def _exact_pins(changed: Iterable[Graded]) -> Mapping[Key, Graded]:
    """Map each package that a changed pip package requires in one version to what requires it."""
    found: dict[Key, Graded] = {}
    for each in changed:
        new = each.change.new
        if new and new.manager == "pip" and each.change.old:
            for spec in new.depends:
                name, constraint = split(spec.partition(";")[0].strip())
                if constraint.startswith("==") and "*" not in constraint:
                    found.setdefault(("pip", normalize(name)), each)
    return found


def _normal(key: Key) -> Key:
    return (key[0], normalize(key[1])) if key[0] == "pip" else key


# Packages that came or went with the one that requires them


def _with_requirer(judgement: Judgement, leaders: Leaders, requirers: Requirers) -> Judgement:
    """Let what came or went as a dependency follow what requires it, where that came, went or changed as well."""
    change = judgement.change
    if (
        not isinstance(change, Change)
        or not change.classes <= ALONE
        or judgement.severity not in ("low", "info")
    ):
        return judgement
    root = _root(change, leaders, requirers)
    if root is None or not leads(root.judgement, judgement):
        return judgement
    return following(judgement, root.change.package.name)


def _root(change: Change, leaders: Leaders, requirers: Requirers) -> Graded | None:
    """Walk up from a package to the first that is not there only as a dependency of another that changed."""
    seen, at, found = {change.package.key}, change, None
    while True:
        names = sorted(requirers.of(at))
        above = [each for name in names if (each := leaders.get((at.package.manager, name)))]
        fresh = [each for each in above if each.change.package.key not in seen]
        alike = [each for each in fresh if each.change.classes == at.classes]
        if not fresh:
            return found
        found = (alike or fresh)[0]
        if not found.change.classes <= ALONE:
            return found
        at = found.change
        seen.add(at.package.key)


# Locks that another tool wrote


def _hashes(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Let packages whose hashes changed in kind follow the first of them: one tool wrote them all."""
    first: dict[str, Judgement] = {}
    hashes = [each for each in judgements if each.decisive is DriftClass.HASH and not each.follows]
    for each in sorted(hashes, key=precedence):
        first.setdefault(each.why, each)
    return [
        following(each, _name(first[each.why])) if each in hashes and first[each.why] is not each else each
        for each in judgements
    ]
