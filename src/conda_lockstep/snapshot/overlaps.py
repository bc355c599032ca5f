"""Wheels of one NVIDIA library for two CUDA majors: they share paths, and the one installed last wins unseen.

``nvidia-cudnn-cu12`` and ``nvidia-cudnn-cu13`` both bring ``nvidia/cudnn/lib/libcudnn.so.9``; pip does not look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conda_lockstep.packages import Package
from conda_lockstep.snapshot.distributions import Distribution, recorded_paths
from conda_lockstep.snapshot.model import PrefixInconsistency

_MAJOR = re.compile(r"(.+)-cu\d\d")


def overlapping_wheels(
    distributions: Iterable[tuple[Distribution, Package]],
) -> Iterator[PrefixInconsistency]:
    """Yield a damage for each pair of wheels that differ in their CUDA alone and own the same paths."""
    seen: dict[str, tuple[Distribution, Package]] = {}
    for distribution, package in sorted(distributions, key=lambda item: item[1].name):
        match = _MAJOR.fullmatch(package.name)
        if match is None:
            continue
        other = seen.setdefault(match[1], (distribution, package))
        if other[1] is not package:
            yield from _shared(*other, distribution, package)


def _shared(
    one: Distribution, first: Package, two: Distribution, second: Package
) -> Iterator[PrefixInconsistency]:
    shared = sorted(set(recorded_paths(one)) & set(recorded_paths(two)))
    if shared:
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        detail = f"{second} owns the same {shared[0]}{more}: the one installed last overwrote the other"
        yield PrefixInconsistency("shadowed", first, detail, second)
