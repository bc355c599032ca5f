"""Entries that leave the version, or too much of it, to the day of the install."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import bounds, is_confined
from conda_lockstep.config import Config
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry
from conda_lockstep.environment.environment_file import MappingEntry
from conda_lockstep.lint.engine.lock_pins import locked_pin, locked_pip_pin
from conda_lockstep.lint.engine.registry import Problem, Severity, rule

TOOLS = frozenset({"pip", "setuptools", "wheel"})
"""What installs the others and is gone when the job runs: worth a note."""

INTERPRETERS = frozenset({"python", "pypy", "python_abi", "python-freethreading", "python-gil"})

SELECTORS = frozenset(
    "_libgcc_mutex _openmp_mutex blas cpuonly cuda75 cuda80 cuda90 cuda91 cuda92 cuda100 faiss-proc libblas libcblas "
    "liblapack mpi nomkl openmp pytorch-mutex x264".split()
)
"""Packages without content, that only select a variant: what counts is the build, or that they are there."""

BY_MINOR = frozenset(
    "boost cudnn hdf5 jax jaxlib libboost libprotobuf mpich nccl numpy openmpi protobuf pytorch pytorch-cpu "
    "pytorch-gpu tensorflow tensorflow-cpu tensorflow-gpu torchaudio torchvision".split()
)
"""Packages that others are compiled against, and whose minor versions are not interchangeable."""

PROGRAMS = frozenset({"cmake", "ninja"})
"""On PyPI, too, but nothing that Python imports."""

PLACES = {"major": 1, "minor": 2, "patch": 3}


@rule("unpinned-conda", "warning", requires=("unversioned",))
def unpinned_conda(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry has no version: each machine gets the newest one of the day it was set up."""
    told = INTERPRETERS | SELECTORS | _told_by_cuda_version(entries)
    for entry in entries.having("unversioned"):
        spec = entry.spec
        if spec.name in told:
            continue
        what = "says any version" if spec.clauses else "has no version"
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' {what}: every machine gets the newest of its day",
            f"write the version that was tested, such as '{spec.name}=X.Y'",
            locked_pin(entries, entry, config),
            severity=_severity(spec.name),
        )


@rule("unpinned-python", "warning", supersedes=("unpinned-conda",))
def unpinned_python(entries: Entries, config: Config) -> Iterator[Problem]:
    """Python is missing, or not pinned to its minor version, which decides the build of every other package."""
    found = entries.named(*INTERPRETERS)
    for entry in found:
        if entry.spec.name == "python" and is_open(entry):
            text = entry.item.value
            yield Problem(
                entry.item.span,
                f"'{text}' leaves the minor version of Python open",
                "write the minor version, such as 'python=3.X'",
                locked_pin(entries, entry, config),
            )
    key = entries.file.key("dependencies")
    if key and not found and not _python_elsewhere(entries) and _needs_python(entries):
        yield Problem(
            key.key.span,
            "python is not among the dependencies: its version is whatever the other packages bring",
            "add 'python=3.X' with the minor version that was tested",
        )


@rule("unpinned-pip", "warning", requires=("pip",), requirements=True)
def unpinned_pip(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pip entry has no ``==``: each machine gets the newest release of the day it was set up."""
    for entry in entries.pip:
        requirement = entry.requirement
        if not is_open_pip(entry):
            continue
        text = entry.item.value
        what = (
            f"'{text}' takes any release that fits" if requirement.specifier else f"'{text}' has no version"
        )
        yield Problem(
            entry.item.span,
            f"{what}: every machine gets the newest of its day",
            f"write the version that was tested, such as '{_name_with_extras(entry)}==X.Y.Z'",
            locked_pip_pin(entries, entry, config),
            severity=_severity(requirement.name),
        )


@rule("too-loose-pin", "warning", supersedes=("open-range",), requires=("versioned",))
def too_loose_pin(entries: Entries, config: Config) -> Iterator[Problem]:
    """A pin is coarser than the package's ABI allows, or than ``pin-precision`` of the settings asks for."""
    for entry in entries.named(*BY_MINOR | config.pin_precision.keys()):
        spec = entry.spec
        precision = config.pin_precision.get(spec.name, "minor")
        if has_version(entry) and not is_confined(spec, PLACES[precision]):
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' leaves the {precision} version open",
                f"write it out, such as '{spec.name}={'.'.join('XYZ'[: PLACES[precision]])}'",
                locked_pin(entries, entry, config),
            )


@rule("open-range", "warning", default=False, requires=("versioned",))
def open_range(entries: Entries, config: Config) -> Iterator[Problem]:
    """A conda entry has a lower bound only: every later release fits, the next major version too."""
    for entry in entries.having("versioned"):
        if not entry.spec.has_upper_bound and entry.spec.name not in INTERPRETERS:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no upper bound",
                f"add one, or pin the version: '{entry.spec.name}=X.Y'",
            )


def is_open(entry: CondaEntry) -> bool:
    """Say whether an entry leaves its version to the day of the install: any version, or any minor one of Python."""
    name = entry.spec.name
    if name == "python":
        return not is_confined(entry.spec, PLACES["minor"])
    return not has_version(entry) and name not in SELECTORS


def is_open_pip(entry: PipEntry) -> bool:
    """Say whether a requirement lets in more than one version, as far as it has no ``==``."""
    requirement = entry.requirement
    clauses = requirement.specifier.split(",")
    return requirement.kind == "requirement" and not any(each.strip().startswith("==") for each in clauses)


def has_version(entry: CondaEntry) -> bool:
    """Say whether an entry restricts the version at all; ``*`` does not."""
    return any(clause.version != "*" for clause in entry.spec.clauses)


def _told_by_cuda_version(entries: Entries) -> frozenset[str]:
    """Return the packages of a CUDA toolkit where ``cuda-version``, which they all depend on, has its minor version."""
    said = [entry.spec for entry in entries.named("cuda-version") if is_confined(entry.spec, PLACES["minor"])]
    if not said:
        return frozenset()
    from conda_lockstep.environment.cuda import cuda_packages

    limits = bounds(said[0])
    is_old = limits is not None and limits.low is not None and limits.low < (12,)
    # What ended with CUDA 11 follows that alone; the bindings for Python have releases of their own within a major.
    names = {name for name, package in cuda_packages().items() if is_old or not package.last}
    return frozenset(names) - {"cuda-python", "cuda-bindings", "pytorch-cuda"}


def _name_with_extras(entry: PipEntry) -> str:
    extras = ",".join(entry.requirement.extras)
    return f"{entry.requirement.name}[{extras}]" if extras else entry.requirement.name


def _severity(name: str) -> Severity | None:
    return "note" if name in TOOLS else None


def _python_elsewhere(entries: Entries) -> bool:
    """Say whether Python stands in an entry that is no spec, which other rules speak about."""
    mappings = (entry for entry in entries.file.dependencies if isinstance(entry, MappingEntry))
    texts = [bad.item.value for bad in entries.bad if bad.manager == "conda"]
    texts += [text for mapping in mappings for text in (mapping.key.value, mapping.value.value)]
    return any(text.lstrip().startswith("python") for text in texts)


def _needs_python(entries: Entries) -> bool:
    """Say whether a Python package is asked for, from either manager."""
    if entries.pip:
        return True
    from conda_lockstep.conda.pypi_names import pypi_names

    return any(entry.spec.name not in PROGRAMS and pypi_names(entry.spec.name) for entry in entries.conda)
