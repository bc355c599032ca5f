"""CUDA and CPU builds: whether the file selects one of them."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import is_confined
from conda_lockstep.conda.build_variants import CPU_SELECTORS, device_of_pattern, named_frameworks
from conda_lockstep.conda.cuda_builds import cuda_builds
from conda_lockstep.conda.torch_releases import TorchRelease
from conda_lockstep.config import Config
from conda_lockstep.environment.cuda import show, statements
from conda_lockstep.environment.device_choice import DeviceChoice, device_choice
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
        choice = device_choice(entries, entry, framework)
        if choice.is_selected or (choice.unbuilt and is_confined(entry.spec, 2)):
            continue  # of a release that is pinned, torch-family-mismatch reports that it lacks the CUDA version
        if choice.unbuilt or (choice.ignored and choice.selectors):
            yield _without_effect(entries, entry, choice)
            continue
        spec = "jaxlib=*=*cuda*" if entry.spec.name == "jax" else _with_build(entry, choice)
        named = f"{choice.selectors[0]}=X.Y" if choice.selectors else next(iter(framework.with_cuda), "")
        yield Problem(
            entry.at(entry.spec.name_at),
            f"'{entry.item.value}' may be a CUDA or a CPU build: {_what_happens(entry, entries, choice)}",
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


def _without_effect(entries: Entries, entry: CondaEntry, choice: DeviceChoice) -> Problem:
    """Report an entry that was meant to select the CUDA build, and does not."""
    selector = choice.selectors[0]
    if choice.unbuilt:
        (wrong, *_) = entries.named(*choice.selectors)
        newest = f"pytorch {choice.unbuilt.torch}, the newest that the file allows,"
        why = f"{newest} was built for CUDA {_listed(choice.unbuilt)}"
        to_do = f"select one of these CUDA versions, or pin a pytorch release that was built for '{wrong.item.value}'"
        fix = None
    else:
        wrong = choice.ignored[0]
        why = f"{_releases(choice)} '{selector}' selects the CUDA build of pytorch in this channel"
        to_do = f"replace '{wrong.item.value}' with '{selector}=X.Y', from the channels pytorch and nvidia"
        fix = _other_selector(entries, wrong, choice)
    return Problem(
        entry.at(entry.spec.name_at),
        f"'{wrong.item.value}' does not select a CUDA build of '{entry.item.value}', so it may be a CPU build: {why}",
        to_do,
        fix,
        "error",
        ((wrong.item.span, "has no effect on the build"),),
    )


def _listed(release: TorchRelease) -> str:
    return release.cuda.replace(",", ", ")


def _releases(choice: DeviceChoice) -> str:
    """Return which releases the entry that selects the build is for, as the beginning of a sentence."""
    if choice.builds is None:
        return ""
    low, high = choice.builds.releases.low, choice.builds.releases.high
    is_newest = cuda_builds(choice.builds.source, choice.builds.framework) == choice.builds
    return f"since {show(low)}, only" if is_newest and low else f"before {show(high)}," if high else "only"


def _other_selector(entries: Entries, wrong: CondaEntry, choice: DeviceChoice) -> Fix | None:
    """Return the fix that writes the package that selects the build, if the release was built for that CUDA."""
    cuda = next((found.release for found in statements(entries) if found.span == wrong.item.span), None)
    if cuda is None or choice.newest is None or cuda not in choice.newest.cudas:
        return None
    text = f"{choice.selectors[0]}={show(cuda)}"
    change = rewrite(wrong.item, (0, len(wrong.item.value)), text)
    return Fix(f"replace '{wrong.item.value}' with '{text}'", (change,), "unsafe") if change else None


def _what_happens(entry: CondaEntry, entries: Entries, choice: DeviceChoice) -> str:
    if choice.chosen == "either":
        return "the file selects neither, nor a CUDA version"
    if choice.chosen == "cpu":
        return "unless the file selects one, it is a CPU build"
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


def _with_build(entry: CondaEntry, choice: DeviceChoice) -> str:
    """Return the spec with a CUDA build; ``=2.4`` becomes ``=2.4.*``, because with a build it would be exact."""
    build = choice.builds.request if choice.builds else "*cuda*"
    name, version = entry.spec.name, entry.spec.version.replace(" ", "")
    if not version:
        return f"{name}=*={build}"
    if entry.spec.is_exact:
        return f"{name}={version.lstrip('=')}={build}"
    if version.startswith("=") and len(entry.spec.clauses) == 1:
        bare = version.lstrip("=").rstrip("*").rstrip(".")
        return f"{name}={bare}={build}" if bare.count(".") > 1 else f"{name}={bare}.*={build}"
    return f"{name}{version}={build}"


def _quoted_or(name: str) -> str:
    return f"'{name}' or " if name else ""


def _fix(entry: CondaEntry, spec: str) -> Fix | None:
    if entry.spec.name == "jax":
        return None
    item = entry.item
    change = rewrite(item, (entry.spec.name_at[0], len(item.value)), spec)
    return Fix(f"write '{spec}'", (change,), "unsafe") if change and not entry.spec.brackets else None
