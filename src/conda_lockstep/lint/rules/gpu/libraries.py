"""Do two copies of one library meet in a process, and do the nodes speak the same protocol?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.lint.engine.lock_pins import locked_pin
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

_CUDA_OF_CONDA = (
    r"cudnn|nccl|cudatoolkit|cuda-(?:toolkit|runtime|libraries|cudart|nvrtc|cupti)"
    r"|libcu(?:blas|dnn|fft|rand|solver|sparse)|libnccl"
)
_OPENMP_OF_CONDA = ("llvm-openmp", "intel-openmp", "mkl", "mkl-service")
_MPI = ("openmpi", "mpich", "mvapich", "impi_rt", "intel-mpi", "mpi")
_COLLECTIVES = ("nccl", "openmpi", "mpich", "ucx", "libfabric", "aws-ofi-nccl")
_LIBRARY_PATHS = (
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDNN_PATH",
    "PYTHONPATH",
)


@rule("two-cuda-stacks", "warning", requires=("pip",))
def two_cuda_stacks(entries: Entries, config: Config) -> Iterator[Problem]:
    """CUDA libraries come twice: from pip's wheels and from conda, or from wheels for two majors of CUDA."""
    wheels = [
        entry
        for entry in entries.pip
        if entry.requirement.name.startswith("nvidia-") and re.search(r"-cu\d\d$", entry.requirement.name)
    ]
    for entry in wheels[1:]:
        if entry.requirement.name[-4:] != wheels[0].requirement.name[-4:]:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' and '{wheels[0].item.value}' share folders: which is there depends on the order",
                "keep the wheels of one CUDA",
                severity="error",
                also=((wheels[0].item.span, "for another CUDA"),),
            )
            return
    carrier = _with_own_cuda(entries) or (wheels[0] if wheels else None)
    if carrier is None or (carrier.requirement.name == "torch" and entries.named("pytorch", "pytorch-gpu")):
        # Where torch itself comes twice, split-torch speaks: its CUDA goes with it.
        return
    conda = [entry for entry in entries.conda if re.fullmatch(_CUDA_OF_CONDA, entry.spec.name)]
    if conda:
        brings = "is" if carrier in wheels else "brings"
        yield Problem(
            conda[0].item.span,
            f"'{carrier.item.value}' {brings} CUDA's libraries from pip; '{conda[0].item.value}' is a second copy",
            "delete conda's, or take the framework from conda as well",
            also=(
                (carrier.item.span, "has its own"),
                *((entry.item.span, "a second copy, too") for entry in conda[1:]),
            ),
        )


@rule("openmp-clash", "warning", requires=("pip",))
def openmp_clash(entries: Entries, config: Config) -> Iterator[Problem]:
    """Conda's OpenMP or MKL meets the one in pip's torch: two runtimes in a process hang it, or slow it down."""
    torch = _pip_torch(entries)
    openmp = entries.named(*_OPENMP_OF_CONDA)
    if torch and openmp:
        yield Problem(
            openmp[0].item.span,
            f"'{openmp[0].item.value}' loads one OpenMP, '{torch.item.value}' from pip another",
            "take torch from conda, or numerical packages from pip as well",
            also=((torch.item.span, "carries its own libgomp"),),
        )


@rule("library-path-variable", "warning", requires=("variables",))
def library_path_variable(entries: Entries, config: Config) -> Iterator[Problem]:
    """A variable puts a machine's folders in front of the environment's own libraries."""
    file = entries.file
    for pair in file.variables:
        if pair.key.value not in _LIBRARY_PATHS:
            continue
        whole = Span(pair.key.span.start, pair.value.span.end)
        top = file.key("variables")
        fix = None
        if not pair.key.flow and top is not None:
            lines_apart = [file.source.position(key.span.start)[0] for key in (top.key, pair.key)]
            alone = len(file.variables) == 1 and lines_apart[1] == lines_apart[0] + 1
            lines = Span(top.key.span.start, whole.end) if alone else whole
            fix = Fix(f"delete {pair.key.value}", (edit.remove_lines(file.source, lines),), "unsafe")
        yield Problem(
            whole,
            f"{pair.key.value} makes programs load what lies on the machine before what is in the environment",
            "delete it: conda's packages find their own libraries",
            fix,
        )


@rule("unpinned-collective", "warning", supersedes=("unpinned-conda",))
def unpinned_collective(entries: Entries, config: Config) -> Iterator[Problem]:
    """NCCL, MPI or UCX has no version: nodes that were built on different days may not speak to each other."""
    for entry in entries.named(*_COLLECTIVES, "mpi4py"):
        if not _has_version(entry):
            build = (
                " (on a cluster with its own MPI: 'openmpi=X.Y=external_*')"
                if entry.spec.name in _MPI
                else ""
            )
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no version, and all nodes must have the same",
                f"write the version that was tested, such as '{entry.spec.name}=X.Y'{build}",
                locked_pin(entries, entry, config),
            )
    mpi4py = entries.named("mpi4py")
    if mpi4py and _has_version(mpi4py[0]) and not entries.named(*_MPI) and "mpi" not in mpi4py[0].spec.build:
        yield Problem(
            mpi4py[0].item.span,
            f"'{mpi4py[0].item.value}' leaves it to the solver which MPI is installed",
            "name it, such as 'openmpi=X.Y' or 'mpich=X.Y' (with '=external_*' for the cluster's own)",
        )


def _with_own_cuda(entries: Entries) -> PipEntry | None:
    """Return a pip entry whose wheels bring CUDA libraries along."""
    torch = _pip_torch(entries)
    if torch and "+cpu" not in torch.requirement.specifier:
        return torch
    for entry in entries.pip_named("tensorflow", "jax"):
        extras = entry.requirement.extras
        if (entry.requirement.name == "tensorflow" and "and-cuda" in extras) or (
            entry.requirement.name == "jax" and any(extra.startswith("cuda") for extra in extras)
        ):
            return entry
    return None


def _pip_torch(entries: Entries) -> PipEntry | None:
    return next(iter(entries.pip_named("torch")), None)


def _has_version(entry: CondaEntry) -> bool:
    return any(clause.version != "*" for clause in entry.spec.clauses) or bool(entry.spec.url)
