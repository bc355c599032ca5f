"""Rules about entries that leave the version, or too much of it, open."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import bounds, is_confined
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.environment.environment_file import MappingEntry
from conda_lockstep.lint.engine.lock_pins import locked_pin, locked_pip_pin
from conda_lockstep.lint.engine.registry import Problem, Severity, rule

TOOLS = frozenset({"pip", "setuptools", "wheel"})
"""Tools that install other packages and that a job does not use: worth a note only."""

INTERPRETERS = frozenset({"python", "pypy", "python_abi", "python-freethreading", "python-gil"})

SELECTORS = frozenset(
    "_libgcc_mutex _openmp_mutex blas cpuonly cuda75 cuda80 cuda90 cuda91 cuda92 cuda100 faiss-proc libblas libcblas "
    "liblapack mpi nomkl openmp pytorch-mutex x264".split()
)
"""Packages without content that select a variant by their build or by their presence."""

BY_MINOR = frozenset(
    "boost cudnn hdf5 jax jaxlib libboost libprotobuf mpich nccl numpy openmpi protobuf pytorch pytorch-cpu "
    "pytorch-gpu tensorflow tensorflow-cpu tensorflow-gpu torchaudio torchvision".split()
)
"""Packages that others are compiled against, and whose minor versions are not interchangeable."""

PROGRAMS = frozenset({"cmake", "ninja"})
"""Programs that are also on PyPI but that Python code does not import."""

PLACES = {"major": 1, "minor": 2, "patch": 3}


@rule("unpinned-conda", "warning", requires=("unversioned",))
def unpinned_conda(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry is unpinned: each machine installs whatever version is latest that day."""
    decided = INTERPRETERS | SELECTORS | _pinned_by_cuda_version(entries)
    for entry in entries.having("unversioned"):
        spec = entry.spec
        if spec.name in decided:
            continue
        what = "allows any version" if spec.clauses else "is unpinned"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' {what}: each machine installs whatever version is latest that day",
            f"pin the version that was tested, such as '{spec.name}=X.Y'",
            locked_pin(entries, entry, config),
            severity=_severity(spec.name),
        )


@rule("unpinned-python", "warning", supersedes=("unpinned-conda",))
def unpinned_python(entries: Entries, config: Config) -> Iterator[Problem]:
    """Python is missing or not pinned to a minor version, which decides the build of every compiled package."""
    found = entries.named(*INTERPRETERS)
    for entry in found:
        if entry.spec.name == "python" and is_open(entry):
            text = entry.item.value
            yield Problem(
                entry.item.span,
                f"'{text}' leaves the minor version of Python open",
                "pin the minor version, such as 'python=3.X'",
                locked_pin(entries, entry, config),
            )
    key = entries.file.key("dependencies")
    if key and not found and not _python_elsewhere(entries) and _needs_python(entries):
        yield Problem(
            key.key.span,
            "python is not in 'dependencies:': its version depends on the other packages",
            "add 'python=3.X' with the minor version that was tested",
        )


@rule("unpinned-pip", "warning", requires=("pip",))
def unpinned_pip(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pip entry has no ``==``: each machine installs whatever version is latest that day."""
    for entry in entries.pip:
        requirement = entry.requirement
        if not is_open_pip(entry):
            continue
        text = entry.item.value
        what, which = (
            ("is a range", "matching version") if requirement.specifier else ("is unpinned", "version")
        )
        yield Problem(
            entry.item.span,
            f"'{text}' {what}: each machine installs whatever {which} is latest that day",
            f"pin the version that was tested, such as '{_name_with_extras(entry)}==X.Y.Z'",
            locked_pip_pin(entries, entry, config),
            severity=_severity(requirement.name),
        )


@rule("too-loose-pin", "warning", supersedes=("open-range",), requires=("versioned",))
def too_loose_pin(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pin is looser than the package's ABI allows, or than ``pin-precision`` in the settings requires."""
    for entry in entries.named(*BY_MINOR | config.pin_precision.keys()):
        spec = entry.spec
        precision = config.pin_precision.get(spec.name, "minor")
        if has_version(entry) and not is_confined(spec, PLACES[precision]):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' leaves the {precision} version open",
                f"pin the {precision} version, such as '{spec.name}={'.'.join('XYZ'[: PLACES[precision]])}'",
                locked_pin(entries, entry, config),
            )


@rule("open-range", "warning", default=False, requires=("versioned",))
def open_range(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry has only a lower bound: every later version matches, including the next major one."""
    for entry in entries.having("versioned"):
        if not entry.spec.has_upper_bound and entry.spec.name not in INTERPRETERS:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no upper bound",
                f"add an upper bound, or pin the version, such as '{entry.spec.name}=X.Y'",
            )


def is_open(entry: CondaEntry) -> bool:
    """Return whether an entry allows any version, or for Python any minor version."""
    name = entry.spec.name
    if name == "python":
        return not is_confined(entry.spec, PLACES["minor"])
    return not has_version(entry) and name not in SELECTORS


def is_open_pip(entry: PipEntry) -> bool:
    """Return whether a requirement has no ``==`` clause, and so may allow several versions."""
    requirement = entry.requirement
    clauses = requirement.specifier.split(",")
    return requirement.kind == "requirement" and not any(each.strip().startswith("==") for each in clauses)


def has_version(entry: CondaEntry) -> bool:
    """Return whether an entry restricts the version at all; ``*`` does not."""
    return any(clause.version != "*" for clause in entry.spec.clauses)


def _pinned_by_cuda_version(entries: Entries) -> frozenset[str]:
    """Return the packages of the CUDA toolkit where ``cuda-version``, their common dependency, has a minor version."""
    pinned = [
        entry.spec for entry in entries.named("cuda-version") if is_confined(entry.spec, PLACES["minor"])
    ]
    if not pinned:
        return frozenset()
    from conda_lockstep.environment.cuda import cuda_packages

    limits = bounds(pinned[0])
    is_old = limits is not None and limits.low is not None and limits.low < (12,)
    # Packages that ended with CUDA 11 follow that version only. The Python bindings have their own releases.
    names = {name for name, package in cuda_packages().items() if is_old or not package.last}
    return frozenset(names) - {"cuda-python", "cuda-bindings", "pytorch-cuda"}


def _name_with_extras(entry: PipEntry) -> str:
    extras = ",".join(entry.requirement.extras)
    return f"{entry.requirement.name}[{extras}]" if extras else entry.requirement.name


def _severity(name: str) -> Severity | None:
    return "note" if name in TOOLS else None


def _python_elsewhere(entries: Entries) -> bool:
    """Return whether Python is in an entry that is not a spec, which other rules report."""
    mappings = (entry for entry in entries.file.dependencies if isinstance(entry, MappingEntry))
    texts = [bad.item.value for bad in entries.bad if bad.manager == "conda"]
    texts += [text for mapping in mappings for text in (mapping.key.value, mapping.value.value)]
    return any(text.lstrip().startswith("python") for text in texts)


def _needs_python(entries: Entries) -> bool:
    """Return whether the file requests a Python package, from either manager."""
    if entries.pip:
        return True
    from conda_lockstep.conda.pypi_names import pypi_names

    return any(entry.spec.name not in PROGRAMS and pypi_names(entry.spec.name) for entry in entries.conda)
