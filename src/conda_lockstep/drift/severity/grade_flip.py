"""The severity of another variant of a package, and why it matters."""

from __future__ import annotations

from conda_lockstep.conda.build_variants import Axis, framework_of, frameworks
from conda_lockstep.drift.model import VariantFlip
from conda_lockstep.drift.report import Severity
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.layers import Layer, layer_of
from conda_lockstep.packages import Package

GPU_BUILDS = frozenset({"cuda", "rocm", "xpu"})

_FLIPS: dict[Axis, tuple[Severity, str]] = {
    "interpreter": ("critical", "another interpreter: compiled extensions for the old one do not load"),
    "cuda": ("critical", "another CUDA major version: it requires another driver and rebuilt GPU extensions"),
    "torch": ("high", "compiled against another PyTorch release: it fails on import with the one before"),
    "abi": (
        "critical",
        "compiled for the other C++ ABI: it fails on import with a framework of the one before",
    ),
    "mpi": ("critical", "another MPI: the launcher, the libraries and all ranks must change together"),
    "blas": ("medium", "another BLAS: results differ in the last bits, and threading differs"),
    "openmp": ("high", "another OpenMP runtime: two of them in one process can hang or crash it"),
}
_WITH_MPI = "it is built with MPI now: all ranks must have the same MPI, and the launcher that fits it"
_WITHOUT_MPI = "it is built without MPI now: parallel input and output between ranks fails"


def grade_flip(
    flip: VariantFlip, package: Package, layer: Layer | None, kind: ComparisonKind
) -> tuple[Severity, str]:
    """Return the severity of a flip; outside the stack it is one lower, except for a lost GPU build."""
    if flip.axis == "device":
        return (
            _grade_requested(flip, layer) if kind == "spec_to_spec" else _grade_device(flip, package, layer)
        )
    if flip.axis == "mpi" and "none" in (flip.old, flip.new):
        return ("critical" if layer else "high"), _WITHOUT_MPI if flip.new == "none" else _WITH_MPI
    if flip.axis == "cuda" and not (flip.old and flip.new):
        return ("high" if layer else "medium"), "its name states a CUDA version on one side only"
    severity, why = _FLIPS[flip.axis]
    return (severity if layer or severity != "critical" else "high"), why


def _grade_requested(flip: VariantFlip, layer: Layer | None) -> tuple[Severity, str]:
    """Grade what two environment files request: a build that a solver has yet to select."""
    if flip.new == "cpu":
        return "critical", "a CPU build is requested now: training fails or crawls on the CPU"
    if flip.new:
        return ("medium" if layer else "low"), "a GPU build is requested now"
    if flip.old == "cpu":
        return ("medium" if layer else "low"), "no CPU build is requested any more: it may become a GPU build"
    return ("critical" if layer else "high"), "no GPU build is requested any more: it may become a CPU build"


def _grade_device(flip: VariantFlip, package: Package, layer: Layer | None) -> tuple[Severity, str]:
    role = role_of(package)
    lost = flip.old in GPU_BUILDS and flip.new not in GPU_BUILDS
    if role == "library" and layer is None:
        return (
            "low" if lost else "info"
        ), "this library also works on the CPU; training does not depend on it"
    if flip.new == "cpu" and flip.old:
        if role == "library":
            return "high", "its build has no CUDA support now: GPU memory is copied through the host"
        if _is_of_framework(package):
            return "critical", "the GPU build became a CPU build: training fails or crawls on the CPU"
        return "high", "the GPU build became a CPU build: it runs on the CPU"
    if flip.new == "cpu":
        return ("high" if layer else "medium"), "it is a CPU build now, by its name"
    if lost:
        severity: Severity = "critical" if _is_of_framework(package) else "high"
        return severity, "nothing shows a GPU build any more: it may run on the CPU"
    if flip.old in GPU_BUILDS:
        return (
            "critical" if layer else "high"
        ), "a build for another kind of GPU: it does not run on the ones before"
    if not flip.new:
        return ("medium" if layer else "low"), "nothing shows a CPU build any more: it may be a GPU build"
    return (
        "high" if layer else "medium"
    ), "it is a GPU build now: it requires a driver, and results may differ"


def _is_of_framework(package: Package) -> bool:
    """Return whether training runs on a package: it is a framework, or a part of one, that people install for GPUs."""
    own = framework_of(package)
    if own is None:
        layer = layer_of(package)
        return layer is not None and layer.title == "framework"
    return any(each.framework == own.framework and each.role == "main" for each in frameworks().values())


def role_of(package: Package) -> str:
    """Return the role of a package in ``data/frameworks.txt``, empty for one that is not in it."""
    framework = framework_of(package)
    return framework.role if framework else ""
