"""Build numbers in a CEP 37 lock: its entries have no room for them, so ``custom_metadata`` has those that differ.

Nearly every build string ends with the build number, as conda-build writes it. What is recorded are the others:
``PLATFORM.build_numbers: '_openmp_mutex=16 blas=3'``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Key, Package, PackageSet

KEY = "build_numbers"


def recorded_numbers(lock: Lock) -> dict[str, str]:
    """Return the metadata for the build numbers that the build strings do not have."""
    found = {}
    for platform, packages in lock.platforms.items():
        numbers = [
            f"{package.name}={package.build_number}"
            for package in packages.values()
            if package.build_number is not None
        ]
        if numbers:
            found[f"{platform}.{KEY}"] = " ".join(sorted(numbers))
    return found


def with_numbers(lock: Lock) -> Lock:
    """Return a lock that was read, its packages with their build numbers in place of the metadata."""
    keys = [key for key in lock.metadata if key.endswith(f".{KEY}")]
    if not keys:
        return lock
    platforms = dict(lock.platforms)
    for key in keys:
        platform = key.removesuffix(f".{KEY}")
        if platform in platforms:
            platforms[platform] = _numbered(platforms[platform], lock.metadata[key])
    metadata = {key: value for key, value in lock.metadata.items() if key not in keys}
    return replace(lock, platforms=platforms, metadata=metadata)


def _numbered(packages: PackageSet, text: str) -> PackageSet:
    changed: Mapping[Key, Package] = {
        package.key: package._replace(build_number=int(number))
        for name, _, number in (each.partition("=") for each in text.split())
        if number.isdecimal() and (package := packages.get(("conda", name)))
    }
    return PackageSet({**packages.packages, **changed})
