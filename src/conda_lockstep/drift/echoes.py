"""Packages that only repeat what another package says, so that one event is not told three times over."""

from __future__ import annotations

from collections.abc import Iterable

from conda_lockstep.drift.model import Change, DriftClass, EnvelopeChange, Judgement
from conda_lockstep.report.model import SEVERITIES

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
"""conda's packages that are built or chosen together with another, and come with its version or build."""

_LEADING = frozenset(_LEADERS.values())
_FOLLOWING = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE, DriftClass.BUILD, DriftClass.VARIANT})


def subdued(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements, with those of packages that follow another down to ``low``.

    They follow where the other changed in the same way and is judged as bad or worse.
    """
    named = [(_name(judgement.change), judgement) for judgement in judgements]
    leaders = {
        name: judgement for name, judgement in named if name in _LEADING and _is_conda(judgement.change)
    }
    return [
        _subdued(judgement, leaders.get(_LEADERS[name])) if name in _LEADERS else judgement
        for name, judgement in named
    ]


def _name(change: Change | EnvelopeChange) -> str:
    return change.package.name if isinstance(change, Change) else ""


def _is_conda(change: Change | EnvelopeChange) -> bool:
    return isinstance(change, Change) and change.package.manager == "conda"


def _subdued(judgement: Judgement, leader: Judgement | None) -> Judgement:
    if leader is None or judgement.decisive not in _FOLLOWING or leader.decisive is not judgement.decisive:
        return judgement
    own, others = SEVERITIES.index(judgement.severity), SEVERITIES.index(leader.severity)
    if own >= SEVERITIES.index("low") or own < others or not isinstance(leader.change, Change):
        return judgement
    return judgement._replace(severity="low", why=f"it comes with {leader.change.package.name}")
