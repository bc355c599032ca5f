"""Which conda and pip packages are the same thing, as far as drift has to know."""

from __future__ import annotations

import re
from functools import lru_cache

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.pypi_names import pypi_names
from conda_lockstep.packages import Package

_FLAVOUR = re.compile(r"-(?:cu(?P<cu>\d+)|cuda(?P<cuda>\d+)x?|(?P<device>gpu|cpu))(?=-|$)")
_MAY_BE_FLAVOUR = re.compile("cu|pu", re.IGNORECASE)

_NOT_IN_THE_TABLE = {
    "cudnn": "nvidia-cudnn",
    "msgpack-python": "msgpack",
    "nccl": "nvidia-nccl",
    "pytorch-triton": "triton",
}
"""conda's names of what PyPI has as well: libraries, in which no Python is, and what the table has by an old name."""


def project(package: Package) -> str:
    """Return what conda and pip packages of one project have in common: the normalised PyPI name."""
    name = normalize(package.name)
    if package.manager == "pip":
        return name
    return _NOT_IN_THE_TABLE.get(name) or next(iter(pypi_names(package.name)), name)


@lru_cache(maxsize=1 << 14)
def stem(name: str) -> str:
    """Return a name without its GPU flavour: ``nvidia-nccl`` of ``nvidia-nccl-cu12``, ``faiss`` of ``faiss-gpu``."""
    return _FLAVOUR.sub("", normalize(name))


@lru_cache(maxsize=1 << 14)
def flavour(name: str) -> tuple[str, str]:
    """Return (device, CUDA major) as the name of a package says it; empty where it does not say."""
    match = _FLAVOUR.search(normalize(name)) if _MAY_BE_FLAVOUR.search(name) else None
    if match is None:
        return ("cuda" if name.startswith("nvidia-") else ""), ""
    if match["device"]:
        return ("cpu", "") if match["device"] == "cpu" else ("cuda", "")
    return "cuda", cuda_major(match["cu"] or match["cuda"])


def cuda_major(digits: str) -> str:
    """Return the major of a CUDA version written ``12``, ``126``, ``12.6`` or (before CUDA 10) ``92``."""
    number, dot, _ = digits.partition(".")
    if dot or len(number) < 2:
        return number
    return number[:2] if number[0] == "1" else number[0]
