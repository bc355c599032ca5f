"""Which variant of itself a package changed to: another device, CUDA, MPI, BLAS, OpenMP or interpreter."""

from __future__ import annotations

from conda_lockstep.conda.build_variants import AXES, variants
from conda_lockstep.drift.model import VariantFlip
from conda_lockstep.packages import Package


def flips(old: Package, new: Package) -> tuple[VariantFlip, ...]:
    """Return the axes along which two packages of one project differ; an empty value means *not known*.

    The dependencies count only if both packages list theirs. If one side is unknown, only ``device`` is a flip: a
    build that no longer names CUDA has lost it.
    """
    with_depends = bool(old.depends and new.depends)
    before, after = variants(old, with_depends), variants(new, with_depends)
    if before == after:
        return ()
    found = []
    for axis in AXES:
        a, b = before.get(axis, ""), after.get(axis, "")
        if a != b and ((a and b) or (axis == "device" and "cpu" not in (a, b))):
            found.append(VariantFlip(axis, a, b))
    return tuple(found)
