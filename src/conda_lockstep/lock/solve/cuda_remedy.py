"""How to request the CUDA build of a package, in a conda entry and in a pip entry."""

from __future__ import annotations

import re

from conda_lockstep.conda.bounds import Bounds
from conda_lockstep.conda.build_variants import frameworks
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.cuda_builds import PYPI, CudaBuilds, cuda_builds
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.packages import Package

_WHEELS = {11: "118", 12: "126", 13: "130"}
"""A CUDA of each major that torch's indexes have wheels for; every driver of the major runs it."""


def conda_remedy(package: Package, is_required: bool, pattern: str = "") -> str:
    """Return what to do about a conda package's CPU build; ``pattern`` matches its CUDA builds, if that is known."""
    if not is_required:
        return "for a GPU machine, lock with --cuda and the newest CUDA its driver supports (nvidia-smi)"
    builds = _builds(package)
    entry = f"'{package.name}=*={pattern or (builds.request if builds else '*cuda*')}'"
    if builds and builds.selectors:
        entry += f" or '{builds.selectors[0]}=X.Y'"
    if builds and builds.libraries:
        entry += f", with the libraries of the channel {builds.libraries}"
    return f"require a CUDA build: {entry}"


def pip_remedy(package: Package, platform: str, cuda: str) -> str:
    """Return what to do about a wheel without CUDA; ``cuda`` is the oldest that must run it, if that is known."""
    framework = frameworks().get(("pip", normalize(package.name)))
    major = max(min(int(cuda.partition(".")[0] or 12), max(_WHEELS)), min(_WHEELS))
    wheels = cuda_builds(PYPI, framework.framework) if framework else None
    request = wheels.request if wheels else ""
    request = request.replace("cuCUDA", f"cu{_WHEELS[major]}").replace("cudaMAJOR", f"cuda{major}")
    if request.startswith("--"):
        return f"add '{request}' to the pip section"
    if framework and request and (platform == "linux-64" or framework.default.get("linux-64") != "cuda"):
        return f"require CUDA: '{request}'"
    if framework is None:
        return f"require another version than '{package.version}'"
    return f"PyPI has no CUDA build of {package.name} for {platform}"


def _builds(package: Package) -> CudaBuilds | None:
    """Return how the CUDA builds of a locked conda package's release are selected in its channel."""
    framework = frameworks().get(("conda", package.name))
    numbers = re.match(r"\d+(?:\.\d+)*", package.version)
    release = tuple(int(part) for part in numbers[0].split(".")) if numbers else None
    base = read_channel(package.channel).base
    return cuda_builds(base, framework.framework, Bounds(release, True, release, True)) if framework else None
