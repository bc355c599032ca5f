"""How bad a change is: one table, by what it can break in distributed training.

Five grades, most dangerous first: ``critical`` (the job fails, hangs or computes something else),
``high`` (it may, on this or the next machine), ``medium`` (worth reading), ``low`` (routine),
``info`` (good to know). Three questions are asked of the same table:

*change*: two locks, where somebody meant to change something;
*machine*: a lock (old) against a machine (new), where nothing may differ;
*machines*: two machines, where nothing may differ either;
*asked*: two environment files, where a solver still has its say.

Where nothing may differ, every other build, every absence and every other bytes is critical, and a
version weighs one grade more: one rank that differs is worse than all ranks changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from conda_lockstep.conda.version import Step, compare_conda, step
from conda_lockstep.drift.compare.companions import demote_companions
from conda_lockstep.drift.compare.requirers import Needs
from conda_lockstep.drift.model import Change, Drift, DriftClass, EnvelopeChange, Judgement, VariantFlip
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot.model import StrayKind

ComparisonKind: TypeAlias = Literal["lock_to_lock", "lock_to_prefix", "prefix_to_prefix", "spec_to_spec"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a training stack: its packages, how bad each step of a version is, and why."""

    title: str
    names: re.Pattern[str]
    major: Severity
    minor: Severity
    patch: Severity
    build: Severity
    why: str

    def of(self, how_far: Step) -> Severity:
        """Return how bad a step of a version is."""
        return self.major if how_far == "major" else self.minor if how_far == "minor" else self.patch


def _layer(title: str, names: str, grades: str, why: str) -> Layer:
    major, minor, patch, build = (next(s for s in SEVERITIES if s.startswith(g)) for g in grades.split())
    return Layer(title, re.compile(f"(?:{names})$"), major, minor, patch, build, why)


#       layer, package names (conda's and PyPI's), grade of a major, minor, patch, build step, why it matters
STACK: tuple[Layer, ...] = (
    _layer(
        "interpreter",
        r"python|python_abi|cpython|pypy\d.*|python-(?:gil|freethreading)",
        "c c m l",
        "every compiled extension is built for one Python minor; the others no longer import",
    ),
    _layer(
        "NumPy",
        r"numpy|numpy-base",
        "c m l l",
        "NumPy's ABI: extensions built against the other one fail on import or read wrong memory",
    ),
    _layer(
        "framework",
        r"pytorch|pytorch-(?:gpu|cpu|mutex)|torch|libtorch|tensorflow|tensorflow-(?:base|gpu|cpu)"
        r"|libtensorflow.*|jax|jaxlib|mxnet|paddlepaddle.*",
        "c h m h",
        "the framework: kernels, defaults, checkpoints and its C++ ABI change with it",
    ),
    _layer(
        "CUDA runtime",
        r"cuda|cuda-version|cuda-runtime|cuda-toolkit|cudatoolkit|pytorch-cuda|cuda-cudart.*|cuda-nvrtc.*"
        r"|nvidia-cuda-(?:runtime|nvrtc)(?:-cu\d+)?|rocm-core",
        "c h m l",
        "the CUDA runtime: it decides which drivers will do and which kernels are found",
    ),
    _layer(
        "cuDNN",
        r"cudnn|libcudnn.*|nvidia-cudnn(?:-cu\d+)?|miopen",
        "c h m l",
        "cuDNN: the framework loads the one it was built for, and picks other algorithms with another",
    ),
    _layer(
        "NCCL",
        r"nccl|nvidia-nccl(?:-cu\d+)?|rccl|aws-ofi-nccl",
        "c h h m",
        "NCCL: ranks with different versions refuse each other or hang",
    ),
    _layer(
        "MPI",
        r"mpi|openmpi|mpich|mpi4py|impi_rt|impi-rt|msmpi|horovod",
        "c h m l",
        "MPI: the launcher and the libraries have to match on all nodes",
    ),
    _layer(
        "network transport",
        r"ucx|ucc|libfabric.*|libpmix|pmix|rdma-core|libibverbs",
        "h m l l",
        "the transport under NCCL and MPI: it talks to the network card's driver and to its own kind on other nodes",
    ),
    _layer(
        "C and C++ runtime",
        r"libstdcxx(?:-ng|-devel.*)?|libgcc(?:-ng)?|_libgcc_mutex|_openmp_mutex|libgomp|llvm-openmp|intel-openmp"
        r"|libcxx|sysroot_.*",
        "h m l l",
        "the C++ and OpenMP runtime under every extension: symbols go missing where it is the older one",
    ),
    _layer(
        "CUDA libraries",
        r"lib(?:cublas|cufft|cufile|curand|cusolver|cusparse|cusparselt|npp|nvjitlink|nvjpeg|nvshmem)\d*(?:-dev)?"
        r"|nvidia-(?:cublas|cufft|cufile|curand|cusolver|cusparse|cusparselt|nvjitlink|nvshmem|nvtx)(?:-cu\d+)?"
        r"|magma|libmagma.*|cutensor|nvidia-cutensor.*|cuda-.*|nvidia-cuda-.*",
        "h m l l",
        "a CUDA library that the framework loads at run time",
    ),
    _layer(
        "GPU extension",
        r"triton|pytorch-triton|xformers|flash[-_]attn|apex|nvidia-apex|deepspeed|bitsandbytes|transformer[-_]engine.*"
        r"|torchvision|torchaudio|torchtext|torch[-_].*|pytorch[-_].*|jax-cuda.*|cupy.*|cuda-python|faiss.*|xgboost"
        r"|libxgboost|py-xgboost.*|rapids|cudf|rmm|onnxruntime.*|tensorrt.*",
        "h m l m",
        "it is compiled against one framework and one CUDA; a mismatch shows on import or as wrong kernels",
    ),
    _layer(
        "BLAS",
        r"blas|blas-devel|libblas|libcblas|liblapack|liblapacke|openblas|libopenblas|mkl|mkl-.*",
        "h m l l",
        "BLAS: sums differ in their last bits, and its threads compete with the data loaders'",
    ),
)
OTHER = _layer("other", "", "m l i l", "")

DANGER: tuple[DriftClass, ...] = (
    DriftClass.SHADOWED,
    DriftClass.BYTES,
    DriftClass.DAMAGED,
    DriftClass.VANISHED,
    DriftClass.STRAY,
    DriftClass.MACHINE,
    DriftClass.VARIANT,
    DriftClass.MANAGER,
    DriftClass.REMOVED,
    DriftClass.CHANNEL,
    DriftClass.DOWNGRADE,
    DriftClass.UPGRADE,
    DriftClass.RAISED,
    DriftClass.CONSTRAINT,
    DriftClass.BUILD,
    DriftClass.ADDED,
    DriftClass.METADATA,
    DriftClass.LOWERED,
)
"""The order among changes of one severity, and which of two equally bad classes a change is named after."""
_DANGERS = {each: place for place, each in enumerate(DANGER)}


def judge(
    drift: Drift, old: PackageSet, new: PackageSet, kind: ComparisonKind = "lock_to_lock"
) -> tuple[Judgement, ...]:
    """Judge every change of ``diff(old, new)``; most dangerous first, then along the stack, then by name."""
    gone = [change.package for change in drift.changes if DriftClass.REMOVED in change.classes]
    needs = Needs(old, new, gone)
    judgements = [_judge(change, needs, kind) for change in drift.changes]
    judgements += [_judge_envelope(change) for change in drift.envelope]
    return tuple(sorted(demote_companions(judgements), key=_rank))


def layer_of(package: Package) -> Layer | None:
    """Return the layer of the stack that a package belongs to; None for all others."""
    return _layer_named(package.name)


@lru_cache(maxsize=1 << 14)
def _layer_named(name: str) -> Layer | None:
    match = _LAYERS.match(name)
    return STACK[int(match.lastgroup[1:])] if match and match.lastgroup else None


_LAYERS = re.compile("|".join(f"(?P<_{number}>{layer.names.pattern})" for number, layer in enumerate(STACK)))
"""All layers at once: the first that a name belongs to."""


def _judge(change: Change, needs: Needs, kind: ComparisonKind) -> Judgement:
    layer = layer_of(change.package)
    graded = [Judgement(change, *_grade(each, change, layer, needs, kind), each) for each in change.classes]
    return graded[0] if len(graded) == 1 else min(graded, key=_weight)


def _weight(judgement: Judgement) -> tuple[int, int]:
    return SEVERITIES.index(judgement.severity), _DANGERS[judgement.decisive]


def _grade(
    each: DriftClass, change: Change, layer: Layer | None, needs: Needs, kind: ComparisonKind
) -> tuple[Severity, str]:
    """Return what one class of a change weighs, and why it matters."""
    if each is DriftClass.UPGRADE or each is DriftClass.DOWNGRADE:
        return _grade_version(change, each, layer, kind)
    if each is DriftClass.ADDED:
        return _grade_added(layer, kind)
    if each is DriftClass.REMOVED:
        return _grade_removed(change.package, layer, needs, kind)
    if each is DriftClass.BUILD:
        return _grade_build(change.package, layer, kind)
    if each is DriftClass.VARIANT:
        grades = [_grade_flip(flip, layer, kind) for flip in change.flips]
        return min(grades, key=lambda g: SEVERITIES.index(g[0]))
    if each is DriftClass.CONSTRAINT:
        return _grade_constraint(change, layer)
    if each is DriftClass.CHANNEL:
        return _grade_channel(change, layer, kind)
    if each is DriftClass.SHADOWED and change.new is None and kind in ("lock_to_lock", "spec_to_spec"):
        return "info", "it no longer lies over the other manager's files"
    return _FIXED[each]


_FIXED: dict[DriftClass, tuple[Severity, str]] = {
    DriftClass.SHADOWED: (
        "critical",
        "two managers own its files: what is imported is not what conda records",
    ),
    DriftClass.BYTES: (
        "critical",
        "the same name now stands for other bytes: replaced upstream, or tampered with",
    ),
    DriftClass.VANISHED: ("high", "it cannot be downloaded any more: no new machine can install this lock"),
    DriftClass.DAMAGED: ("critical", "what lies in the prefix is not what conda recorded there"),
    DriftClass.MANAGER: ("high", "the other manager builds it with other compilers, libraries and options"),
    DriftClass.METADATA: ("info", "the same bytes; what is written about them differs"),
}
STRAYS: dict[StrayKind, tuple[Severity, str]] = {
    "startup": ("critical", "it can change anything in every process, before the first line of the job"),
    "shadows": ("critical", "what is loaded is not what is locked, though every package is there"),
    "path": ("high", "modules can be imported that nobody locked"),
    "file": ("high", "it can be loaded, and nobody locked it"),
    "present": ("info", "nothing of the prefix is hidden by it"),
}
"""What no package brought: how bad, and why."""

_CHANNEL = {
    "conda": "channels build with other compilers and options; mixing them mixes ABIs",
    "pip": "it no longer comes from where it was locked, so its bytes are whatever that place holds",
}


def _grade_added(layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "lock_to_prefix":
        return ("high" if layer else "medium"), "it is installed, but nobody locked it"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    return ("low" if layer else "info"), f"new; it belongs to the {layer.title} layer" if layer else "new"


def _grade_removed(
    package: Package, layer: Layer | None, needs: Needs, kind: ComparisonKind
) -> tuple[Severity, str]:
    if kind == "spec_to_spec":
        return (
            "medium" if layer else "low"
        ), "it is asked for no more, and stays where something else needs it"
    if askers := sorted(needs.after(package)):
        return "critical", f"{askers[0]} still needs it and will fail on import"
    if kind == "lock_to_prefix":
        return "critical", "it is locked, but not there"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    if needs.before(package):
        return "low", "nothing asks for it any more"
    if package.manager == "pip":
        return "critical", "it was asked for by name, and conda's own tools do not notice a lost pip package"
    return ("critical" if layer else "high"), "it was asked for by name, or nobody knows by whom"


def _grade_only_one(layer: Layer | None) -> tuple[Severity, str]:
    return ("critical" if layer else "high"), "only one of the two machines has it"


def _grade_version(
    change: Change, each: DriftClass, layer: Layer | None, kind: ComparisonKind
) -> tuple[Severity, str]:
    if change.old is None or change.new is None:
        raise ValueError("a version changes between two sides")
    how_far = step(change.old.version, change.new.version)
    severity = (layer or OTHER).of(how_far)
    if kind in ("lock_to_prefix", "prefix_to_prefix"):
        severity = _worse(severity)
    if layer is None:
        return severity, _DIFFERS.get(kind) or _STEPS[how_far]
    if each is DriftClass.DOWNGRADE:
        return _worse(severity), "what was built against the newer one may not run"
    return severity, layer.why if severity in ("critical", "high") else f"{layer.title}: {_STEPS[how_far]}"


_DIFFERS: dict[str, str] = {
    "lock_to_prefix": "this machine differs from what is locked",
    "prefix_to_prefix": "the two machines differ",
}
_STEPS: dict[Step, str] = {
    "major": "a major release, what your code calls may be gone",
    "minor": "a minor release, defaults and results may move",
    "patch": "a patch release",
}


def _grade_constraint(change: Change, layer: Layer | None) -> tuple[Severity, str]:
    before, after = (side.version if side else "" for side in (change.old, change.new))
    if before == after:
        return (
            "medium" if layer else "low"
        ), "the same versions, under other conditions or with other extras"
    if not after:
        return ("high" if layer else "medium"), "its version is left open now: machines drift apart"
    if not before:
        return "low", "its version was open before"
    was_pin, is_pin = before[0].isalnum(), after[0].isalnum()
    if is_pin and not was_pin:
        return "low", "it is pinned now"
    why = "it was pinned, and no longer is" if was_pin and not is_pin else "another range of versions"
    return ("medium" if layer else "low"), why


def _grade_channel(change: Change, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    manager = change.package.manager
    if kind == "spec_to_spec" and manager == "conda" and change.old and change.new:
        if not change.old.channel:
            return "low", "its channel is named now"
        if not change.new.channel:
            return ("high" if layer else "medium"), "any channel may serve it now"
    return ("high" if layer or manager == "pip" else "medium"), _CHANNEL[manager]


def _grade_build(package: Package, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "spec_to_spec":
        return ("medium" if layer else "low"), "another build is asked for"
    if kind in ("lock_to_prefix", "prefix_to_prefix"):
        return "critical", "the version is the same, the build is not: other bytes than on the other machines"
    if layer:
        return layer.build, f"rebuilt: {layer.why}"
    if package.subdir == "noarch":
        return "info", "rebuilt without compiled code"
    return OTHER.build, "rebuilt, perhaps against other libraries"


def _grade_flip(flip: VariantFlip, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    """Return what a flip weighs; what lies outside the stack weighs one grade less, but for a lost GPU."""
    if flip.axis == "device":
        return _grade_device(flip, layer, kind)
    severity, why = _FLIPS[flip.axis]
    return (severity if layer or severity != "critical" else "high"), why


_FLIPS: dict[str, tuple[Severity, str]] = {
    "interpreter": ("critical", "another interpreter: no compiled extension of the old one loads"),
    "cuda": ("critical", "another CUDA major: it needs another driver and GPU extensions built anew"),
    "mpi": ("critical", "another MPI: launcher, libraries and every rank have to change together"),
    "blas": ("medium", "another BLAS: other sums in the last bits, other threads"),
    "openmp": ("high", "another OpenMP runtime: two of them in one process hang or crash it"),
}


def _grade_device(flip: VariantFlip, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    if kind == "spec_to_spec" and flip.new != "cpu" and flip.old != "cpu":
        if flip.new:
            return ("medium" if layer else "low"), "a GPU build is asked for now"
        return (
            "critical" if layer else "high"
        ), "a GPU build is no longer asked for: it may become the CPU's"
    if flip.new == "cpu":
        return "critical", "the GPU build became a CPU build: training fails or crawls on the CPU"
    if not flip.new:
        return ("critical" if layer else "high"), "the build no longer names a GPU: it may have lost it"
    return ("high" if layer else "medium"), "it is now a GPU build: it needs a driver, and computes otherwise"


def _judge_envelope(change: EnvelopeChange) -> Judgement:
    if change.direction is DriftClass.LOWERED:
        return Judgement(change, "info", "it runs on more machines than before", change.direction)
    is_major = change.virtual_package == "__cuda" and (
        not change.old
        or (step(change.old, change.new) == "major" and compare_conda(change.old, change.new) > 0)
    )
    needed = {"__cuda": "NVIDIA driver", "__glibc": "glibc"}.get(
        change.virtual_package, change.virtual_package
    )
    why = f"nodes need {'a newer' if change.old else 'this'} {needed}, or it does not install there"
    return Judgement(change, "critical" if is_major else "high", why, change.direction)


def _worse(severity: Severity) -> Severity:
    return SEVERITIES[max(0, SEVERITIES.index(severity) - 1)]


def _rank(judgement: Judgement) -> tuple[int, int, int, str]:
    change = judgement.change
    severity, danger = SEVERITIES.index(judgement.severity), _DANGERS[judgement.decisive]
    if isinstance(change, EnvelopeChange):
        return severity, danger, -1, change.virtual_package
    name = change.package.name
    layer = _layer_named(name)
    return severity, danger, STACK.index(layer) if layer else len(STACK), name
