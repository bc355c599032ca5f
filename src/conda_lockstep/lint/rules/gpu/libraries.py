"""Libraries that two packages load twice, and versions that all nodes must share."""

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
    """CUDA libraries are installed twice: by both conda and pip, or by wheels for two CUDA major versions."""
    wheels = [
        entry
        for entry in entries.pip
        if entry.requirement.name.startswith("nvidia-") and re.search(r"-cu\d\d$", entry.requirement.name)
    ]
    for entry in wheels[1:]:
        if entry.requirement.name[-4:] != wheels[0].requirement.name[-4:]:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' and '{wheels[0].item.value}' share folders, so one overwrites the other",
                "keep the wheels for one CUDA version",
                severity="error",
                also=((wheels[0].item.span, "for another CUDA version"),),
            )
            return
    carrier = _with_own_cuda(entries) or (wheels[0] if wheels else None)
    if carrier is None or (carrier.requirement.name == "torch" and entries.named("pytorch", "pytorch-gpu")):
        # If torch itself is installed twice, split-torch reports it together with its CUDA.
        return
    conda = [entry for entry in entries.conda if re.fullmatch(_CUDA_OF_CONDA, entry.spec.name)]
    if conda:
        source = "is one of pip's CUDA libraries" if carrier in wheels else "installs CUDA libraries with pip"
        yield Problem(
            conda[0].item.span,
            f"'{carrier.item.value}' {source}, and conda's '{conda[0].item.value}' adds a second copy",
            "remove conda's copy, or install the framework from conda as well",
            also=(
                (carrier.item.span, "has its own CUDA libraries"),
                *((entry.item.span, "also adds a copy") for entry in conda[1:]),
            ),
        )


@rule("openmp-clash", "warning", requires=("pip",))
def openmp_clash(entries: Entries, config: Config) -> Iterator[Problem]:
    """Conda's OpenMP runtime and that of pip's torch are loaded together: the process hangs or slows down."""
    torch = _pip_torch(entries)
    openmp = entries.named(*_OPENMP_OF_CONDA)
    if torch and openmp:
        yield Problem(
            openmp[0].item.span,
            f"'{openmp[0].item.value}' loads one OpenMP runtime, and pip's '{torch.item.value}' loads another",
            "install torch from conda, or the numerical packages from pip",
            also=((torch.item.span, "has its own libgomp"),),
        )


@rule("library-path-variable", "warning", requires=("variables",))
def library_path_variable(entries: Entries, config: Config) -> Iterator[Problem]:
    """A variable makes folders of the machine take precedence over the environment's libraries."""
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
            fix = Fix(f"remove {pair.key.value}", (edit.remove_lines(file.source, lines),), "unsafe")
        yield Problem(
            whole,
            f"{pair.key.value} makes programs load files of the machine before those of the environment",
            "remove it: conda packages find their own libraries",
            fix,
        )


@rule("unpinned-collective", "warning", supersedes=("unpinned-conda",))
def unpinned_collective(entries: Entries, config: Config) -> Iterator[Problem]:
    """NCCL, MPI or UCX is unpinned: nodes that were set up on different days may not work together."""
    for entry in entries.named(*_COLLECTIVES, "mpi4py"):
        if not _has_version(entry):
            build = (
                " (if the cluster has its own MPI: 'openmpi=X.Y=external_*')"
                if entry.spec.name in _MPI
                else ""
            )
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' is unpinned, but all nodes need the same version",
                f"pin the tested version, such as '{entry.spec.name}=X.Y'{build}",
                locked_pin(entries, entry, config),
            )
    mpi4py = entries.named("mpi4py")
    if mpi4py and _has_version(mpi4py[0]) and not entries.named(*_MPI) and "mpi" not in mpi4py[0].spec.build:
        yield Problem(
            mpi4py[0].item.span,
            f"'{mpi4py[0].item.value}' lets the solver choose the MPI implementation",
            "list the MPI, such as 'openmpi=X.Y' or 'mpich=X.Y' (with '=external_*' to use the cluster's own)",
        )


def _with_own_cuda(entries: Entries) -> PipEntry | None:
    """Return a pip entry whose wheels install CUDA libraries."""
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
