"""Which releases of torchvision and torchaudio belong to a release of torch: ``data/torch.txt``."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from conda_lockstep.data import table


class TorchRelease(NamedTuple):
    """A row of ``data/torch.txt``; versions are prefixes, cells with several are parted by commas."""

    torch: str
    vision: str
    audio: str
    python: str
    cuda: str


@cache
def torch_releases() -> tuple[TorchRelease, ...]:
    """Return the rows of the table, the newest release first."""
    return tuple(TorchRelease(*cells) for cells in table("torch"))


def is_released_with(name: str, version: str, torch: str) -> bool:
    """Return whether a version of torchvision or torchaudio belongs to a version of torch."""
    for release in torch_releases():
        companions = {"torchvision": release.vision, "torchaudio": release.audio}.get(name, "")
        if companions and _begins(torch, release.torch):
            return any(_begins(version, companion) for companion in companions.split(","))
    return False


def _begins(version: str, prefix: str) -> bool:
    return f"{version.partition('+')[0]}.".startswith(f"{prefix}.")
