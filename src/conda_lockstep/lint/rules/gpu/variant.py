"""CUDA and CPU builds: whether the file selects one of them."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import bounds
from conda_lockstep.conda.build_variants import CPU_SELECTORS, Framework, device_of_pattern, named_frameworks
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.config import Config
from conda_lockstep.environment.cuda import statements
from conda_lockstep.environment.entries import CondaEntry, Entries, once_per_file, rewrite
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

_IN_TWO_BUILDS = ("pytorch", "tensorflow", "jaxlib")
_FOR_GPUS = (
    "cudnn",
    "nccl",
    "cuda-nvcc",
    "nvidia-apex",
    "apex",
    "cupy",
    "cudf",
    "cuml",
    "dgl-cuda",
    "faiss-gpu",
)
_NEEDS_GPU = (
    "pytorch-cuda", "pytorch-gpu", "tensorflow-gpu", "cudatoolkit", "cuda-toolkit", "cuda-runtime", "cudnn", "nccl",
)  # fmt: skip
_OF_PYTORCH = ("pytorch", "libtorch")
_STEER_PYTORCH = ("pytorch-cuda", "cudatoolkit", "cuda75", "cuda80", "cuda90", "cuda91", "cuda92", "cuda100")
"""Packages that select the CUDA version of the pytorch channel's builds (the cuda75 to cuda100 ones before 1.2)."""
_SINCE_PYTORCH_CUDA = (1, 13)


@rule("gpu-variant-unspecified", "warning")
def gpu_variant_unspecified(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file does not select the CUDA build of a framework: without a visible driver, it is a CPU build."""
    known = named_frameworks()
    found = entries.named(*known)
    if not found or _mac_only(entries):
        return
    for entry in found:
        framework = known[entry.spec.name]
        if framework.role != "main" and not _wants_gpu(entries):
            continue
        if entry.spec.name == "jax" and entries.named("jaxlib"):
            continue
        if _is_decided(entry, framework, entries):
            continue
        spec = "jaxlib=*=*cuda*" if entry.spec.name == "jax" else _with_build(entry)
        from_pytorch = entry.spec.name in _OF_PYTORCH and _from_pytorch(entry, entries)
        named = _steered_by(entry) if from_pytorch else next(iter(framework.with_cuda), "")
        yield Problem(
            entry.at(entry.spec.name_at),
            f"'{entry.item.value}' may be a CUDA or a CPU build: {_what_happens(entry, entries)}",
            f"write {_quoted_or(named)}'{spec}' (with '*cpu*' for the CPU build)",
            _fix(entry, spec) if _wants_gpu(entries) else None,
            severity=None if framework.role == "main" else "note",
        )


@rule("cpuonly-conflict", "error", supersedes=("gpu-variant-unspecified",))
def cpuonly_conflict(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file requests both a CPU build and CUDA."""
    without = [
        entry
        for entry in entries.named(*CPU_SELECTORS, *_IN_TWO_BUILDS, "pytorch-mutex")
        if entry.spec.name in CPU_SELECTORS or device_of_pattern(entry.spec.build) == "cpu"
    ]
    if not without:
        return
    with_cuda = [
        entry
        for entry in entries.named(*_NEEDS_GPU, *_IN_TWO_BUILDS)
        if entry.spec.name in _NEEDS_GPU or device_of_pattern(entry.spec.build) == "cuda"
    ]
    if with_cuda:
        yield Problem(
            without[0].item.span,
            f"'{without[0].item.value}' requests a CPU build, but '{with_cuda[0].item.value}' requests CUDA",
            "keep one of them",
            also=tuple((entry.item.span, "requests CUDA") for entry in with_cuda),
        )


def _is_decided(entry: CondaEntry, framework: Framework, entries: Entries) -> bool:
    """Return whether the entry's build or another package selects the variant."""
    if entry.spec.build or dict(entry.spec.brackets).get("build_number"):
        return True
    if entries.named(*framework.with_cuda, *framework.without, "cpuonly"):
        return True
    if entry.spec.name in _OF_PYTORCH:
        if any(device_of_pattern(other.spec.build) for other in entries.named("pytorch-mutex")):
            return True
        return _from_pytorch(entry, entries) and bool(entries.named(*_STEER_PYTORCH))
    return False


def _what_happens(entry: CondaEntry, entries: Entries) -> str:
    if _from_pytorch(entry, entries) and entry.spec.name == "pytorch":
        return "the file selects neither, nor a CUDA version"
    selected = next(
        (
            found.text
            for found in statements(entries)
            if found.kind == "selects" and (found.name != "pytorch-cuda" or entry.spec.name in _OF_PYTORCH)
        ),
        "",
    )
    if selected:
        return f"'{selected}' allows both, and without a visible driver it is a CPU build"
    return "without a visible driver it is a CPU build"


def _steered_by(entry: CondaEntry) -> str:
    """Return the spec that selects the CUDA version of a pytorch channel build: ``pytorch-cuda`` from 1.13 on."""
    limits = bounds(entry.spec)
    is_old = limits is not None and limits.high is not None and limits.high <= _SINCE_PYTORCH_CUDA
    return f"{'cudatoolkit' if is_old else 'pytorch-cuda'}=X.Y"


def _from_pytorch(entry: CondaEntry, entries: Entries) -> bool:
    """Return whether a package comes from the pytorch channel: by its entry, or as the first channel that has it."""
    if entry.spec.channel:
        return read_channel(entry.spec.channel).base.startswith("pytorch")
    bases = (read_channel(item.value).base for item in entries.file.channels.items)
    first = next(
        (base for base in bases if base.startswith("pytorch") or base in ("conda-forge", "defaults")), ""
    )
    return first.startswith("pytorch")


@once_per_file
def _wants_gpu(entries: Entries) -> bool:
    """Tell from the other packages in the file whether it is for GPUs."""
    if entries.named(*CPU_SELECTORS):
        return False
    return bool(statements(entries)) or bool(entries.named(*_FOR_GPUS, *_NEEDS_GPU))


def _mac_only(entries: Entries) -> bool:
    """Return whether the file is only for macOS, which has no CUDA."""
    platforms = [item.value for item in entries.file.platforms]
    if platforms:
        return all(platform.startswith("osx") for platform in platforms)
    return bool(entries.named("tensorflow-deps") or entries.pip_named("tensorflow-macos", "tensorflow-metal"))


def _with_build(entry: CondaEntry) -> str:
    """Return the spec with a CUDA build; ``=2.4`` becomes ``=2.4.*``, because with a build it would be exact."""
    name, version = entry.spec.name, entry.spec.version.replace(" ", "")
    if not version:
        return f"{name}=*=*cuda*"
    if entry.spec.is_exact:
        return f"{name}={version.lstrip('=')}=*cuda*"
    if version.startswith("=") and len(entry.spec.clauses) == 1:
        bare = version.lstrip("=").rstrip("*").rstrip(".")
        return f"{name}={bare}=*cuda*" if bare.count(".") > 1 else f"{name}={bare}.*=*cuda*"
    return f"{name}{version}=*cuda*"


def _quoted_or(name: str) -> str:
    return f"'{name}' or " if name else ""


def _fix(entry: CondaEntry, spec: str) -> Fix | None:
    if entry.spec.name == "jax":
        return None
    item = entry.item
    change = rewrite(item, (entry.spec.name_at[0], len(item.value)), spec)
    return Fix(f"write '{spec}'", (change,), "unsafe") if change and not entry.spec.brackets else None
