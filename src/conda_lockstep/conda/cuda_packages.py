"""The conda packages whose version is a version of CUDA: ``data/cuda.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.data import table

CudaRole: TypeAlias = Literal["selects", "part"]
"""Whether a package selects the CUDA that conda installs, or is one part of a toolkit."""


class CudaPackage(NamedTuple):
    """A conda package whose version is one of CUDA; ``successor`` is its name after release ``last``."""

    name: str
    kind: CudaRole
    numbers: int
    last: str
    successor: str


@cache
def cuda_packages() -> Mapping[str, CudaPackage]:
    """Return the packages of ``data/cuda.txt`` by name."""
    kinds: dict[str, CudaRole] = {"selects": "selects", "part": "part"}
    return {
        name: CudaPackage(name, kinds[kind], int(count), last, successor)
        for name, kind, count, last, successor in table("cuda")
    }


@cache
def cuda_selectors() -> frozenset[str]:
    """Return the packages that select the CUDA of an environment, such as ``cuda-version`` and ``pytorch-cuda``."""
    return frozenset(name for name, package in cuda_packages().items() if package.kind == "selects")
