"""The releases of PyTorch, each with what it was built for: ``data/torch.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from conda_lockstep.conda.bounds import Bounds, Release, both, release_of
from conda_lockstep.data import table


class TorchRelease(NamedTuple):
    """A row of ``data/torch.txt``: a minor release, and the packages, Python and CUDA that its builds are for.

    ``torchvision``, ``torchaudio`` and ``cuda`` list versions, separated by commas; ``python`` is a first and a last
    minor version, such as ``3.8-3.12``.
    """

    torch: str
    torchvision: str
    torchaudio: str
    python: str
    cuda: str

    @property
    def release(self) -> Release:
        """Return the release as numbers."""
        return release_of(self.torch)

    @property
    def cudas(self) -> tuple[Release, ...]:
        """Return the CUDA versions that its builds are for."""
        return tuple(release_of(version) for version in self.cuda.split(","))

    @property
    def pythons(self) -> tuple[Release, Release]:
        """Return the first and the last minor version of Python that its builds are for."""
        first, last = self.python.split("-")
        return release_of(first), release_of(last)

    def is_for_python(self, allowed: Bounds) -> bool:
        """Return whether some Python in a range can run it."""
        first, last = self.pythons
        return not both(allowed, Bounds(first, True, (last[0], last[1] + 1), False)).is_empty


@cache
def torch_releases() -> Mapping[Release, TorchRelease]:
    """Return the releases by their number, the oldest first."""
    rows = (TorchRelease(*cells) for cells in reversed(table("torch")))
    return {row.release: row for row in rows}


@lru_cache(maxsize=1024)
def newest_torch(allowed: Bounds, python: Bounds) -> TorchRelease | None:
    """Return the newest release in a range that some Python in another range can run."""
    for row in reversed(tuple(torch_releases().values())):
        major, minor = (*row.release, 0)[:2]
        series = Bounds(row.release, True, (major, minor + 1), False)
        if not both(allowed, series).is_empty and row.is_for_python(python):
            return row
    return None


def is_released_with(name: str, version: str, torch: str) -> bool:
    """Return whether a version of torchvision or torchaudio belongs to a version of torch."""
    for release in torch_releases().values():
        companions = {"torchvision": release.torchvision, "torchaudio": release.torchaudio}.get(name, "")
        if companions and _begins(torch, release.torch):
            return any(_begins(version, companion) for companion in companions.split(","))
    return False


def _begins(version: str, prefix: str) -> bool:
    return f"{version.partition('+')[0]}.".startswith(f"{prefix}.")
