"""Which conda and pip packages are the same thing, as far as drift has to know."""

from __future__ import annotations

import re
from functools import lru_cache

from conda_lockstep.packages import Package
from conda_lockstep.projects import normalize

_FLAVOUR = re.compile(r"-(?:cu(?P<cu>\d+)|cuda(?P<cuda>\d+)x?|(?P<device>gpu|cpu))(?=-|$)")
_MAY_BE_FLAVOUR = re.compile("cu|pu", re.IGNORECASE)

_CONDA_TO_PYPI = {
    "cudnn": "nvidia-cudnn",
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "nccl": "nvidia-nccl",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ray-core": "ray",
    "ray-default": "ray",
    "tensorflow-base": "tensorflow",
    "pytorch-triton": "triton",
}
"""conda-forge's and pytorch's names that are not the normalised PyPI name; enough for a training stack."""


def project(package: Package) -> str:
    """Return what conda and pip packages of one project have in common: the normalised PyPI name."""
    name = normalize(package.name)
    return _CONDA_TO_PYPI.get(name, name) if package.manager == "conda" else name


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
