"""Demotes the changes of packages that follow another package, so that one event is reported once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conda_lockstep.drift.model import Change, DriftClass, Judgement
from conda_lockstep.drift.report import SEVERITIES
from conda_lockstep.packages import Key

_LEADERS = {
    "cpython": "python",
    "python-freethreading": "python",
    "python-gil": "python",
    "python_abi": "python",
    "libtorch": "pytorch",
    "pytorch-cpu": "pytorch",
    "pytorch-gpu": "pytorch",
    "pytorch-mutex": "pytorch",
    "libtensorflow": "tensorflow",
    "tensorflow-base": "tensorflow",
    "jaxlib": "jax",
    "blas": "libblas",
    "blas-devel": "libblas",
    "libcblas": "libblas",
    "liblapack": "libblas",
    "liblapacke": "libblas",
    "libgcc-ng": "libgcc",
    "libgomp": "libgcc",
    "libstdcxx-ng": "libstdcxx",
    "mkl-include": "mkl",
    "mkl-devel": "mkl",
}
"""conda packages that are built or selected together with another, and share its version or build."""

_FOLLOWING = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE, DriftClass.BUILD, DriftClass.VARIANT})


_DEMOTABLE = frozenset(SEVERITIES[: SEVERITIES.index("low")])


def demote_companions(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements, with those of packages that follow another lowered to ``low``.

    A package follows another that changed in the same way, at the same severity or worse. Besides those known by name,
    these are the parts that are released with a project: ``libarrow-acero`` with ``libarrow``, from the same version to
    the same version.
    """
    judgements = list(judgements)
    leaders = {
        (change.package.manager, change.package.name): each
        for each in judgements
        if each.severity in _DEMOTABLE and isinstance(change := each.change, Change)
    }
    return [
        _demoted(each, _leader(each, leaders)) if each.severity in _DEMOTABLE else each for each in judgements
    ]


def _leader(judgement: Judgement, leaders: Mapping[Key, Judgement]) -> Judgement | None:
    change = judgement.change
    if not isinstance(change, Change):
        return None
    manager, name = change.package.key
    if manager == "conda" and name in _LEADERS:
        return leaders.get((manager, _LEADERS[name]))
    for whole in _wholes(name):
        found = leaders.get((manager, whole))
        if found and isinstance(found.change, Change) and _versions(found.change) == _versions(change):
            return found
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


def _demoted(judgement: Judgement, leader: Judgement | None) -> Judgement:
    if leader is None or judgement.decisive not in _FOLLOWING or leader.decisive is not judgement.decisive:
        return judgement
    own, leading = SEVERITIES.index(judgement.severity), SEVERITIES.index(leader.severity)
    if own < leading or not isinstance(leader.change, Change):
        return judgement
    return judgement._replace(severity="low", why=f"it follows {leader.change.package.name}")
