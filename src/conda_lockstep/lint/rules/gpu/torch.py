"""Packages that must match the PyTorch release, such as torchvision, Python and NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conda_lockstep.conda.bounds import Bounds, Release, bounds, release_of
from conda_lockstep.conda.build_variants import named_frameworks
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.cuda_builds import cuda_builds
from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.conda.torch_releases import TorchRelease, newest_torch, torch_releases
from conda_lockstep.config import Config
from conda_lockstep.data import table
from conda_lockstep.environment import edit
from conda_lockstep.environment.cuda import show, statements
from conda_lockstep.environment.device_choice import builds_of
from conda_lockstep.environment.entries import Entries, PipEntry
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Span

_TORCH_OF_PIP = ("torch", "torchvision", "torchaudio")


class _Requested(NamedTuple):
    """A package that the file requests: the manager that installs it, and the versions that it allows."""

    name: str
    text: str
    span: Span
    manager: str
    limits: Bounds


@rule("torch-family-mismatch", "error", requires=("torch",))
def torch_family_mismatch(entries: Entries, config: Config) -> Iterator[Problem]:
    """The versions of torch, torchvision, torchaudio, Python and CUDA were not built for each other."""
    torch = _requested(entries, "pytorch", "torch")
    row = _row(torch) if torch else None
    if torch is None or row is None:
        return
    for name, versions in (("torchvision", row.torchvision), ("torchaudio", row.torchaudio)):
        other = _requested(entries, name, name)
        low = other and _minor(other.limits)
        if other and low and versions and not _is_one_of(other.limits, versions, _extra(name, row, other)):
            first = versions.split(",")[0]
            yield Problem(
                other.span,
                f"'{other.text}' is not built for torch {row.torch}, which needs {name} {first}",
                f"require {name} {first}, or the torch version that this {name} was built for",
                also=((torch.span, f"'{torch.text}'"),),
            )
    if _from_pytorch(entries, torch):
        yield from _python_mismatch(entries, torch, row)
        yield from _cuda_mismatch(entries, torch, row)


@rule("split-torch", "error", supersedes=("pip-and-conda", "stray-pip", "unpinned-pip"), requires=("pip",))
def split_torch(entries: Entries, config: Config) -> Iterator[Problem]:
    """Torch and its companions come from both conda and pip: pip overwrites conda's torch with its own."""
    conda = entries.named("pytorch", "pytorch-gpu", "torchvision", "torchaudio")
    pip = [entry for entry in entries.pip if entry.requirement.name in _TORCH_OF_PIP]
    if not conda or not pip:
        return
    names = {entry.spec.name.replace("pytorch-gpu", "pytorch").replace("pytorch", "torch") for entry in conda}
    # If pip keeps one of them, it installs torch again, for that one.
    all_twice = all(entry.requirement.name in names for entry in pip)
    for entry in pip:
        fix = None
        if all_twice and len(entry.section.items) > len(pip):
            change = edit.remove(entries.file.source, entry.item)
            fix = Fix(f"remove '{entry.item.value}' from the pip section", (change,), "unsafe")
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' comes from pip, but '{conda[0].item.value}' from conda: "
            "pip overwrites conda's torch with its own",
            "install all torch packages from either conda or pip",
            fix,
            also=((conda[0].item.span, "from conda"),),
        )


@rule("numpy-abi", "error", requires=("torch",))
def numpy_abi(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file allows NumPy 2 with a framework that was built against NumPy 1."""
    numpy = _requested(entries, "numpy", "numpy")
    if numpy is not None and numpy.limits.high is not None and numpy.limits.high <= (2,):
        return
    for name, manager, first_good, failure in table("numpy-abi"):
        found = _requested(entries, name, name)
        if found is None or found.manager != manager or not _is_below(found.limits, first_good):
            continue
        if (manager == "conda" and not _from_pytorch(entries, found)) or not _runs_numpy_2(entries, found):
            continue
        source = numpy or _numpy_user(entries)
        if source is None:
            return
        requires = numpy is not None and numpy.limits.low is not None and numpy.limits.low >= (2,)
        how = "requires" if requires else "allows" if numpy else "depends on NumPy, and allows"
        yield Problem(
            source.span,
            f"'{source.text}' {how} NumPy 2, but '{found.text}' was built against NumPy 1: {failure}",
            f"{'require' if numpy else 'list'} 'numpy<2', or use a newer framework",
            severity="error" if requires else "warning",
            also=((found.span, "built against NumPy 1"),),
        )
        return


def _runs_numpy_2(entries: Entries, framework: _Requested) -> bool:
    """Return whether a Python that the file and the framework's release allow can run NumPy 2: 3.9 and later."""
    python = _requested(entries, "python", "")
    allowed = python.limits if python else Bounds()
    if allowed.high is not None and allowed.high <= _PYTHON_OF_NUMPY_2:
        return False
    if framework.name not in ("pytorch", "torch"):
        return True
    newest = newest_torch(framework.limits, allowed)
    return newest is None or newest.pythons[1] >= _PYTHON_OF_NUMPY_2


_PYTHON_OF_NUMPY_2 = (3, 9)


def _numpy_user(entries: Entries) -> _Requested | None:
    """Return a package that installs NumPy 2, in a file that does not list NumPy."""
    for conda_name, pip_name, first in table("numpy-users"):
        found = _requested(entries, conda_name, pip_name)
        if found and not (first and _is_below(found.limits, first)):
            return found
    return None


def _python_mismatch(entries: Entries, torch: _Requested, row: TorchRelease) -> Iterator[Problem]:
    python = _requested(entries, "python", "")
    minor = python and _minor(python.limits)
    first, last = row.pythons
    if python and minor and not first <= minor <= last:
        yield Problem(
            python.span,
            f"torch {row.torch} was built for Python {row.python.replace('-', ' to ')}, not {show(minor)}",
            "use one of these versions, or another torch",
            also=((torch.span, f"'{torch.text}'"),),
        )


def _cuda_mismatch(entries: Entries, torch: _Requested, row: TorchRelease) -> Iterator[Problem]:
    for statement in statements(entries):
        if statement.name in _selectors(torch) and statement.release and statement.release not in row.cudas:
            yield Problem(
                statement.span,
                f"torch {row.torch} was built for CUDA {row.cuda.replace(',', ', ')}, not {show(statement.release)}",
                "use one of these versions, or another torch",
                also=((torch.span, f"'{torch.text}'"),) if statement.span != torch.span else (),
            )
            return


def _selectors(torch: _Requested) -> tuple[str, ...]:
    """Return the packages whose version is the CUDA version of torch."""
    if torch.manager == "pip":
        return ("torch",)
    builds = cuda_builds("pytorch", "pytorch", torch.limits)
    return ("pytorch", *(builds.selectors if builds else ()))


def _requested(entries: Entries, conda_name: str, pip_name: str) -> _Requested | None:
    """Return how a file requests a package; the conda entry if both managers have one."""
    for conda in entries.named(conda_name):
        limits = bounds(conda.spec)
        if limits:
            return _Requested(conda_name, conda.item.value, conda.item.span, "conda", limits)
    for pip in entries.pip_named(pip_name) if pip_name else ():
        if pip.requirement.kind == "requirement":
            limits = _pip_bounds(pip)
            if limits:
                return _Requested(pip_name, pip.item.value, pip.item.span, "pip", limits)
    return None


def _pip_bounds(entry: PipEntry) -> Bounds | None:
    """Read a pip specifier as a conda version of the same meaning, without its local version."""
    version = entry.requirement.specifier.replace(" ", "").partition("+")[0].replace("===", "==")
    spec = parse_conda(f"name{version}")
    return bounds(spec) if isinstance(spec, CondaSpec) else None


def _row(torch: _Requested) -> TorchRelease | None:
    minor = _minor(torch.limits)
    return torch_releases().get(minor) if minor else None


def _minor(limits: Bounds) -> Release | None:
    """Return the major and minor version of a range that allows only one minor version."""
    low, high = limits.low, limits.high
    if low is None or high is None:
        return None
    major, minor = (*low, 0)[:2]
    return (major, minor) if high <= (major, minor + 1) else None


def _is_one_of(limits: Bounds, versions: str, extra: str) -> bool:
    low = (*(limits.low or ()), 0, 0, 0)
    for version in filter(None, (*versions.split(","), *extra.split(","))):
        expected = release_of(version)
        if low[: len(expected)] == expected or (
            limits.low == low[:2] and expected[:2] == low[:2] and not _has_patch(limits)
        ):
            return True
    return False


def _has_patch(limits: Bounds) -> bool:
    """Return whether a range is narrower than a minor version."""
    low = (*(limits.low or ()), 0, 0)[:2]
    return limits.high != (low[0], low[1] + 1)


def _extra(name: str, row: TorchRelease, other: _Requested) -> str:
    """Return the other version that conda-forge built: torchvision 0.24.0 for torch 2.8, 0.26.0 for 2.10."""
    if name != "torchvision" or other.manager != "conda":
        return ""
    return {"2.8": "0.24", "2.10": "0.26"}.get(row.torch, "")


def _from_pytorch(entries: Entries, torch: _Requested) -> bool:
    """Return whether torch is the PyTorch project's build: a pip wheel, or a package of the pytorch channel."""
    return torch.manager == "pip" or _source(entries) == "pytorch"


def _source(entries: Entries) -> str:
    """Return the channel that conda's pytorch comes from; empty if it is not known, as below a private channel."""
    framework = named_frameworks()["pytorch"]
    bases = (read_channel(item.value).base for item in entries.file.channels.items)
    first = next((base for base in bases if base != "nvidia"), "")
    for entry in entries.named("pytorch"):
        builds = builds_of(entries, entry, framework, None if entry.spec.channel else (first,))
        return builds.source if builds else ""
    return ""


def _is_below(limits: Bounds, version: str) -> bool:
    high = limits.high
    return high is not None and (
        high <= release_of(version) if not limits.closed_high else high < release_of(version)
    )
