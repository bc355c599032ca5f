"""Which variant of itself a package changed to: another device, CUDA, MPI, BLAS, OpenMP or interpreter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from conda_lockstep.conda.build_variants import AXES, Axis, device_of, framework_of, frameworks, variants
from conda_lockstep.drift.model import Change, DriftClass, VariantFlip
from conda_lockstep.packages import Key, Package, PackageSet


class Surroundings(NamedTuple):
    """What decides beside a package whether it runs on GPUs: the platform, and the keys of both sides."""

    platform: str = ""
    old: Collection[Key] = ()
    new: Collection[Key] = ()


NOTHING_KNOWN = Surroundings()


def flips(old: Package, new: Package, around: Surroundings = NOTHING_KNOWN) -> tuple[VariantFlip, ...]:
    """Return the axes along which two packages of one project differ; an empty value means *not known*.

    The dependencies count only if both packages list theirs. If one side is unknown, only ``device`` is a flip: a
    build that no longer names CUDA has lost it.
    """
    with_depends = bool(old.depends and new.depends)
    before, after = variants(old, with_depends), variants(new, with_depends)
    if framework_of(old) or framework_of(new):
        before, after = _with_devices((old, before), (new, after), around)
    if before == after:
        return ()
    found = []
    for axis in AXES:
        a, b = before.get(axis, ""), after.get(axis, "")
        if a != b and ((a and b) or (axis == "device" and "cpu" not in (a, b))):
            found.append(VariantFlip(axis, a, b))
    return tuple(found)


def device_changes(old: PackageSet, new: PackageSet, platform: str) -> Iterator[Change]:
    """Yield the equal packages that run on another device, since what brings CUDA to them came or went.

    ``tensorflow[and-cuda]`` and ``tensorflow`` are one wheel; the libraries beside it differ.
    """
    around = Surroundings(platform, old.keys(), new.keys())
    for key, framework in frameworks().items():
        if not framework.with_cuda or (one := old.packages.get(key)) is None:
            continue
        other = new.packages.get(key)
        if other is not None and (flipped := flips(one, other, around)):
            detail = _companions_moved(framework.with_cuda, around)
            yield Change(frozenset({DriftClass.VARIANT}), one, other, flipped, detail)


def _with_devices(
    old: tuple[Package, dict[Axis, str]], new: tuple[Package, dict[Axis, str]], around: Surroundings
) -> tuple[dict[Axis, str], dict[Axis, str]]:
    """Add the devices that nothing in name, version or build tells: by what is beside a package, and by default."""
    (package, before), (other, after) = old, new
    with_cuda = {name for each in (package, other) for name in _brought_by(each)}
    if _brings(with_cuda, around.old) or _brings(with_cuda, around.new):
        return _with_brought(package, before, around.old), _with_brought(other, after, around.new)
    one = before.get("device") or device_of(package, around.platform, around.old)
    two = after.get("device") or device_of(other, around.platform, around.new)
    # A default is compared with what is known only: what tells nothing is no CPU build.
    return ({**before, "device": one}, {**after, "device": two}) if one and two else (before, after)


def _with_brought(package: Package, found: dict[Axis, str], others: Collection[Key]) -> dict[Axis, str]:
    framework = framework_of(package)
    if "device" in found or framework is None:
        return found
    device = "cuda" if _brings(framework.with_cuda, others) else _without(framework.default)
    return {**found, "device": device} if device else found


def _brought_by(package: Package) -> tuple[str, ...]:
    """Return the pip packages that bring CUDA to a pip package; conda's builds tell by themselves."""
    framework = framework_of(package) if package.manager == "pip" else None
    return framework.with_cuda if framework else ()


def _brings(names: Collection[str], keys: Collection[Key]) -> bool:
    return any(("pip", name) in keys for name in names)


def _without(default: Mapping[str, str]) -> str:
    """Return the device of a wheel without what brings CUDA to it; a wheel that has CUDA may find it elsewhere."""
    return "cpu" if set(default.values()) == {"cpu"} else ""


def _companions_moved(names: Collection[str], around: Surroundings) -> str:
    was, is_now = (
        sorted(name for name in names if ("pip", name) in keys) for keys in (around.old, around.new)
    )
    if was and not is_now:
        return f"without {', '.join(was)}"
    return f"with {', '.join(is_now)}" if is_now and not was else ""
