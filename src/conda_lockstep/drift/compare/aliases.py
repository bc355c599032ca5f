"""Which conda and pip packages are the same thing, as far as drift has to know."""

from __future__ import annotations

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.pypi_names import pypi_names
from conda_lockstep.packages import Package

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
