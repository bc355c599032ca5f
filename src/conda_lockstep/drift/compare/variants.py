"""Which variant of itself a package is: for CUDA or the CPU, for which MPI, BLAS, OpenMP or interpreter.

Read from build strings, from the version of mutex packages, from local version labels and from what the
package depends on: the same facts that a solver chooses variants by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conda_lockstep.drift.compare.aliases import cuda_major, flavour
from conda_lockstep.drift.model import Axis, VariantFlip
from conda_lockstep.packages import Package

AXES: tuple[Axis, ...] = ("interpreter", "device", "cuda", "mpi", "blas", "openmp")

CUDA_VERSION_PACKAGES = frozenset({"cuda-version", "cudatoolkit", "pytorch-cuda", "cuda", "cuda-runtime"})
_CUDA_DEPENDENCIES = CUDA_VERSION_PACKAGES | {"__cuda", "cuda-cudart", "cudnn"}
_MPI = frozenset({"openmpi", "mpich", "impi", "msmpi", "mvapich2", "mvapich"})
_TELLING = _CUDA_DEPENDENCIES | _MPI | {"cpuonly", "blas", "libblas", "mpi"}
"""What a package that depends on it is built for."""
_BLAS = frozenset({"mkl", "openblas", "blis", "netlib", "accelerate", "newaccelerate", "nvpl", "atlas"})
_OPENMP = {
    "gnu": "gnu",
    "llvm": "llvm",
    "kmp": "llvm",
    "intel": "intel",
    "openmp": "openmp",
    "pthreads": "pthreads",
}

_CUDA_TOKEN = re.compile(r"cu(?:da)?(\d[\d.]*)?(?=$|h[0-9a-f]{7}|py)")
_CPU_TOKEN = re.compile(r"cpu(?:l?gpl)?(?=$|h[0-9a-f]{7}|py)|nocuda$|cuNone$|cuda0\.0$")
_ROCM_TOKEN = re.compile(r"rocm")
_NUMBER = re.compile(r"\d[\d.]*")
_MAY_TELL = re.compile("[gi-or-xz]|p[0-9]|ypy")
"""What is in every build string that tells anything: letters beyond those of a digest, ``h`` and ``py``."""


def flips(old: Package, new: Package) -> tuple[VariantFlip, ...]:
    """Return the axes along which two packages of one project differ; an empty value is *does not say*.

    What the dependencies say counts only where both packages list theirs. An axis that one side is silent
    about is a flip for ``device`` alone: a build that no longer names CUDA has lost it.
    """
    with_depends = bool(old.depends and new.depends)
    before, after = variants(old, with_depends), variants(new, with_depends)
    if before == after:
        return ()
    found = []
    for axis in AXES:
        a, b = before.get(axis, ""), after.get(axis, "")
        if a != b and ((a and b) or (axis == "device" and "cpu" not in (a, b))):
            found.append(VariantFlip(axis, a, b))
    return tuple(found)


def variants(package: Package, with_depends: bool = True) -> dict[Axis, str]:
    """Return what is known of each axis. The first source that speaks wins: name, version, build, depends."""
    device, cuda = flavour(package.name)
    said: list[tuple[Axis, str]] = [("cuda", cuda)] if cuda else []
    if package.manager == "pip":
        said += _from_label(package.version.partition("+")[2])
    else:
        if package.name in CUDA_VERSION_PACKAGES:
            said.append(("cuda", cuda_major(_first_number(package.version))))
        if _MAY_TELL.search(package.build):
            said += _from_build(package.name, package.build)
        if with_depends and not _SILENT.issuperset(package.depends):
            said += _from_depends(package.depends)
    if device:
        said.append(("device", device))
    if not said:
        return {}
    found: dict[Axis, str] = {}
    for axis, value in said:
        if value:
            found.setdefault(axis, value)
    if found.get("device") == "cpu":
        found.pop("cuda", None)
    return found


def _from_label(label: str) -> Iterator[tuple[Axis, str]]:
    """Read a local version label such as ``cu121``, ``cpu``, ``rocm6.0``."""
    if match := re.match(r"cu(?:da)?(\d[\d.]*)", label):
        yield "device", "cuda"
        yield "cuda", cuda_major(match[1])
    elif label.startswith(("cpu", "rocm")):
        yield "device", label[:4].rstrip(".0123456789")


def _from_build(name: str, build: str) -> Iterator[tuple[Axis, str]]:
    for token in build.split("_"):
        if _CPU_TOKEN.match(token):
            yield "device", "cpu"
        elif match := _CUDA_TOKEN.match(token):
            yield "device", "cuda"
            yield "cuda", cuda_major(match[1] or "")
        elif _ROCM_TOKEN.match(token):
            yield "device", "rocm"
        elif token == "gpu":
            yield "device", "cuda"
        elif token in _MPI:
            yield "mpi", token
        elif token == "nompi":
            yield "mpi", "none"
        elif token in _BLAS:
            yield "blas", token
        elif (
            token == "generic" and "torch" in name
        ):  # conda-forge's PyTorch: mkl, or generic for the other BLAS
            yield "blas", "openblas"
        elif token in _OPENMP and name in {"_openmp_mutex", "libopenblas", "openblas"}:
            yield "openmp", _OPENMP[token]
        elif name in {"python", "python_abi"}:
            yield "interpreter", _interpreter(token)


def _interpreter(token: str) -> str:
    if re.fullmatch(r"cp\d+t", token):
        return "free-threaded"
    if token == "cpython" or re.fullmatch(r"cp\d+m?u?", token):
        return "cpython"
    return "pypy" if re.fullmatch(r"pypy\d*|pp\d+", token) else ""


_SILENT: set[str] = set()
"""Dependencies that were looked at and tell nothing, as nearly all do: those of a package are asked about at once."""


def _from_depends(depends: Iterable[str]) -> Iterator[tuple[Axis, str]]:
    for spec in depends:
        if spec in _SILENT:
            continue
        name, _, rest = spec.partition(" ")
        if name not in _TELLING and not name.endswith(("-mutex", "-proc")):
            _SILENT.add(spec)
        elif name in _CUDA_DEPENDENCIES:
            yield "device", "cuda"
            if name in CUDA_VERSION_PACKAGES:
                yield "cuda", cuda_major(_first_number(rest))
        elif name == "cpuonly":
            yield "device", "cpu"
        elif name in _MPI:
            yield "mpi", name
        else:
            yield from _from_build(name, rest.rpartition(" ")[2].strip("*"))


def _first_number(text: str) -> str:
    match = _NUMBER.search(text)
    return match[0].rstrip(".") if match else ""
