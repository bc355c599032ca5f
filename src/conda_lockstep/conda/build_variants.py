"""Which variant of itself a package is: CUDA or CPU, and for which MPI, BLAS, OpenMP or interpreter.

Read from names, build strings, the versions of mutex packages, local version labels and dependencies: the facts that a
solver chooses variants by. Facts about single packages are in ``data/frameworks.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.cuda_packages import cuda_selectors
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.data import table

if TYPE_CHECKING:
    from conda_lockstep.packages import Key, Manager, Package

Axis: TypeAlias = Literal["device", "cuda", "torch", "abi", "mpi", "blas", "openmp", "interpreter"]
AXES: tuple[Axis, ...] = ("interpreter", "device", "cuda", "torch", "abi", "mpi", "blas", "openmp")

CPU_SELECTORS = ("cpuonly", "cpu-only", "pytorch-cpu", "tensorflow-cpu")
"""Conda packages that a file lists to get CPU builds."""

_CUDA_LIBRARIES = frozenset({"__cuda", "cuda-cudart", "cudnn"})
_MPI = frozenset({"openmpi", "mpich", "impi", "msmpi", "mvapich2", "mvapich"})
_INFORMATIVE = _CUDA_LIBRARIES | _MPI | {"cpuonly", "blas", "libblas", "mpi"}
"""Dependencies that show what a package is built for; so do the packages that select a CUDA."""
_BLAS = frozenset({"mkl", "openblas", "blis", "netlib", "accelerate", "newaccelerate", "nvpl", "atlas"})
_OPENMP = {
    "gnu": "gnu",
    "llvm": "llvm",
    "kmp": "llvm",
    "intel": "intel",
    "openmp": "openmp",
    "pthreads": "pthreads",
}

_CUDA_TOKEN = re.compile(r"cu(?:da(\d[\d.]*)?|(\d[\d.]*))(?=$|h[0-9a-f]{7}|py)")
_CPU_TOKEN = re.compile(r"cpu(?:l?gpl)?(?=$|h[0-9a-f]{7}|py)|nocuda$|cuNone$|cuda0\.0$")
_MAY_TELL = re.compile("[gi-or-xz]|p[0-9]|ypy")
"""Matches every build string that names a variant: letters beyond those of a digest, ``h`` and ``py``."""
# Compiled when a name needs it, and kept by ``re``: lint rarely does.
_FLAVOR = r"-(?:cu(?P<cu>\d+)|cuda(?P<cuda>\d+)x?|(?P<device>gpu|cpu))(?=-|$)"


class Framework(NamedTuple):
    """A row of ``data/frameworks.txt``: a package that exists as a CUDA build and as a CPU build.

    ``role`` is "main", "side", "library" or empty. ``default`` maps platforms to the device of a build without a mark,
    "" being every other platform. :mod:`conda_lockstep.conda.cuda_builds` has what depends on the channel.
    """

    name: str
    manager: Manager
    framework: str
    role: str
    cpu_marks: frozenset[str]
    default: Mapping[str, str]
    with_cuda: tuple[str, ...]
    without: tuple[str, ...]


@cache
def frameworks() -> Mapping[Key, Framework]:
    """Return the packages of ``data/frameworks.txt`` by manager and name."""
    return {(each.manager, each.name): each for each in map(_framework, table("frameworks"))}


def framework_of(package: Package) -> Framework | None:
    """Return the row of a package in ``data/frameworks.txt``; None for one that has none."""
    return _framework_named(package.manager, package.name)


@lru_cache(maxsize=1 << 14)
def _framework_named(manager: Manager, name: str) -> Framework | None:
    return frameworks().get((manager, normalize(name)))


@cache
def named_frameworks() -> Mapping[str, Framework]:
    """Return the conda packages of ``data/frameworks.txt`` that people list to get a framework, by name."""
    named = (each for each in frameworks().values() if each.role in ("main", "side"))
    return {each.name: each for each in named if each.manager == "conda"}


def device_of(package: Package, platform: str = "", others: Collection[Key] = ()) -> str:
    """Return the device that a package is built for: "cuda", "cpu", "rocm", or "" if that is not known.

    ``platform`` is the one that it is installed on; without it the default of a build without a mark is known only
    where it is the same on all platforms. ``others`` are the keys of the packages that are installed beside it.
    """
    device = variants(package, with_depends=False).get("device", "")
    framework = framework_of(package)
    if device or framework is None:
        return device
    if any((package.manager, name) in others for name in framework.with_cuda):
        return "cuda"
    # PyPI's CUDA builds of torch depend on NVIDIA's wheels, on whichever platform they are.
    if package.manager == "pip" and any(spec.startswith("nvidia-") for spec in package.depends):
        return "cuda"
    if not platform and len(framework.default) > 1:
        return ""
    return framework.default.get(platform, framework.default.get("", ""))


def device_of_pattern(build: str) -> str:
    """Return the device that a build string or a pattern of one, such as ``*cuda*``, selects; "" for any."""
    for token in re.split(r"[_*]", build):
        if device := _device_of_token(token):
            return device
    # A pattern may cut a word: 'cuda1*' and '*gpu' do, and no build string is so short.
    words = {"cuda": "cuda", "gpu": "cuda", "cpu": "cpu"}
    found = next((word for word in words if word in build), "")
    return words.get(found, "cuda" if re.search(r"cu\d", build) else "")


def requires_cuda(name: str, build: str = "") -> bool:
    """Return whether a requested package, by its name or the build requested of it, is of use only with CUDA."""
    if device_of_pattern(build):
        return device_of_pattern(build) == "cuda"
    words = re.split(r"[-_]", name)
    is_named_so = any(word.startswith("cuda") or word in ("gpu", "cudnn", "pycuda") for word in words)
    return is_named_so or flavor(name)[0] == "cuda"


def device_among(package: Package, siblings: Iterable[Package], platform: str = "") -> str:
    """Return the device of a package, known if need be by the other builds of its release.

    A build without a mark, of a release that has builds marked ``cuda``, is a CPU build.
    """
    own = device_of(package, platform)
    release = (each for each in siblings if (each.name, each.version) == (package.name, package.version))
    return own or ("cpu" if any(device_of(each) == "cuda" for each in release) else "")


def variants(package: Package, with_depends: bool = True) -> dict[Axis, str]:
    """Return what is known of each axis. The first source wins: name, version, build, dependencies."""
    device, cuda = flavor(package.name)
    found_in_order: list[tuple[Axis, str]] = [("cuda", cuda)] if cuda else []
    if package.manager == "pip":
        found_in_order += _from_label(package.version.partition("+")[2])
    else:
        if package.name in cuda_selectors():
            found_in_order.append(("cuda", cuda_major(_first_number(package.version))))
        if _MAY_TELL.search(package.build):
            found_in_order += _from_build(package.name, package.build)
        if with_depends and not _UNINFORMATIVE.issuperset(package.depends):
            found_in_order += _from_depends(package.depends)
    if device:
        found_in_order.append(("device", device))
    if not found_in_order:
        return {}
    found: dict[Axis, str] = {}
    for axis, value in found_in_order:
        if value:
            found.setdefault(axis, value)
    if found.get("device") == "cpu":
        found.pop("cuda", None)
    return found


@lru_cache(maxsize=1 << 14)
def stem(name: str) -> str:
    """Return a name without its GPU flavor: ``nvidia-nccl`` for ``nvidia-nccl-cu12``, ``faiss`` for ``faiss-gpu``."""
    return re.sub(_FLAVOR, "", normalize(name))


@lru_cache(maxsize=1 << 14)
def flavor(name: str) -> tuple[str, str]:
    """Return the device and the CUDA major that the name of a package contains; empty where it contains none."""
    may_be = "cu" in (lower := name.lower()) or "pu" in lower
    match = re.search(_FLAVOR, normalize(name)) if may_be else None
    if match is None:
        return ("cuda" if name.startswith("nvidia-") else ""), ""
    if match["device"]:
        return ("cpu", "") if match["device"] == "cpu" else ("cuda", "")
    return "cuda", cuda_major(match["cu"] or match["cuda"])


def cuda_major(digits: str) -> str:
    """Return the major of a CUDA version written ``12``, ``126``, ``12.6`` or (before CUDA 10) ``92``."""
    number, dot, _ = digits.partition(".")
    if dot or len(number) < 2:
        return number
    return number[:2] if number[0] == "1" else number[0]


def _framework(cells: tuple[str, ...]) -> Framework:
    name, manager, framework, role, marks, default, with_cuda, without = cells
    devices = {platform: device for platform, _, device in (word.rpartition("=") for word in _words(default))}
    own: Manager = "pip" if manager == "pip" else "conda"
    cpu_marks = frozenset(_words(marks))
    return Framework(name, own, framework, role, cpu_marks, devices, _words(with_cuda), _words(without))


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split(",") if word)


@cache
def _cpu_marks() -> Mapping[str, frozenset[str]]:
    return {each.name: each.cpu_marks for each in frameworks().values() if each.cpu_marks}


def _from_label(label: str) -> Iterator[tuple[Axis, str]]:
    """Read a local version label such as ``cu121``, ``cpu``, ``pt24cu121``, ``cu12torch2.6cxx11abifalse``."""
    label = label.lower()
    if match := re.search(r"cu(?:da)?(\d[\d.]*)", label):
        yield "device", "cuda"
        yield "cuda", cuda_major(match[1])
    elif match := re.search(r"cpu|rocm|xpu", label):
        yield "device", match[0]
    if match := re.search(r"torch(\d+\.\d+)", label):
        yield "torch", match[1]
    elif match := re.match(r"pt(\d)(\d+)", label):
        yield "torch", f"{match[1]}.{match[2]}"
    if match := re.search(r"cxx11abi(true|false)", label):
        yield "abi", "C++11" if match[1] == "true" else "pre-C++11"


def _from_build(name: str, build: str) -> Iterator[tuple[Axis, str]]:
    for token in build.split("_"):
        device = _device_of_token(token)
        if device:
            yield "device", device
            if device == "cuda" and (match := _CUDA_TOKEN.match(token)):
                yield "cuda", cuda_major(match[1] or match[2] or "")
            continue
        if token in _cpu_marks().get(name, ()):
            yield "device", "cpu"
        if token in _MPI:
            yield "mpi", token
        elif token == "nompi":
            yield "mpi", "none"
        elif token in _BLAS:
            yield "blas", token
        elif token == "generic" and "torch" in name:
            # conda-forge's PyTorch: mkl, or generic for the other BLAS
            yield "blas", "openblas"
        elif token in _OPENMP and name in {"_openmp_mutex", "libopenblas", "openblas"}:
            yield "openmp", _OPENMP[token]
        elif name in {"python", "python_abi"}:
            yield "interpreter", _interpreter(token)


def _device_of_token(token: str) -> str:
    """Return the device that one word of a build string names."""
    if "c" not in token and "g" not in token:
        return ""
    if _CPU_TOKEN.match(token):
        return "cpu"
    if token == "gpu" or _CUDA_TOKEN.match(token):
        return "cuda"
    return "rocm" if token.startswith("rocm") else ""


def _interpreter(token: str) -> str:
    if re.fullmatch(r"cp\d+t", token):
        return "free-threaded"
    if token == "cpython" or re.fullmatch(r"cp\d+m?u?", token):
        return "cpython"
    return "pypy" if re.fullmatch(r"pypy\d*|pp\d+", token) else ""


_UNINFORMATIVE: set[str] = set()
"""Dependencies that were read and show no variant, as nearly all do: those of a package are looked up at once."""


def _from_depends(depends: Iterable[str]) -> Iterator[tuple[Axis, str]]:
    selectors = cuda_selectors()
    for spec in depends:
        if spec in _UNINFORMATIVE:
            continue
        name, _, rest = spec.partition(" ")
        selects = name in selectors
        if selects or name in _CUDA_LIBRARIES:
            yield "device", "cuda"
            if selects:
                yield "cuda", cuda_major(_first_number(rest))
        elif name not in _INFORMATIVE and not name.endswith(("-mutex", "-proc")):
            _UNINFORMATIVE.add(spec)
        elif name == "cpuonly":
            yield "device", "cpu"
        elif name in _MPI:
            yield "mpi", name
        else:
            yield from _from_build(name, rest.rpartition(" ")[2].strip("*"))


def _first_number(text: str) -> str:
    match = re.search(r"\d[\d.]*", text)
    return match[0].rstrip(".") if match else ""
