"""Every way in which a lock can change: its class, its severity, and why a person would expect that."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from tests.drift.severity.base_locks import (
    CONDA,
    CUDA_LIBRARIES,
    PIP,
    PLATFORM,
    TENSORFLOW,
    as_pixi,
    moved,
    operand,
    rehashed,
    report,
    with_fields,
    without,
)
from tests.lock.check.pairs import FILES, FORGE, conda, wheel

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand
from conda_lockstep.packages import Package

Packages = tuple[Package, ...]


class Mutation(NamedTuple):
    """A change of a lock, and what leads the one event that it is: ``why`` is why a person expects the severity."""

    expected: str
    why: str
    old: Packages
    new: Packages


def version(name: str, new: str, severity: str, why: str, base: Packages = CONDA, old: str = "") -> Mutation:
    """Change the version of a package of a base lock; ``old`` is its version before, by default the base's."""
    before = moved(base, name, old) if old else base
    was = next(each.version for each in before if each.name == name)
    direction = "upgrade" if _number(new) > _number(was) else "downgrade"
    expected = severity if " " in severity else f"{severity} {direction}"
    return Mutation(f"{expected} {name}", why, before, moved(before, name, new))


def beside(name: str, old: str, new: str, severity: str, why: str, *, pip: bool = False) -> Mutation:
    """Change the version of a package that a base lock has besides."""

    def made(number: str) -> Package:
        return wheel(name, number, tag="cp312-cp312-manylinux_2_28_x86_64") if pip else conda(name, number)

    base = PIP if pip else CONDA
    direction = "upgrade" if _number(new) > _number(old) else "downgrade"
    return Mutation(f"{severity} {direction} {name}", why, (*base, made(old)), (*base, made(new)))


def fields(expected: str, why: str, name: str, base: Packages = CONDA, **values: Any) -> Mutation:
    """Change the fields of an entry, as by hand: nothing is computed anew."""
    return Mutation(expected, why, base, with_fields(base, name, **values))


def build(expected: str, why: str, name: str, new: str, base: Packages = CONDA, **values: Any) -> Mutation:
    """Take another build of the same version."""
    return Mutation(expected, why, base, moved(base, name, build=new, **values))


def added(expected: str, why: str, *packages: Package, base: Packages = CONDA) -> Mutation:
    return Mutation(expected, why, base, (*base, *packages))


def removed(expected: str, why: str, *names: str, base: Packages = CONDA) -> Mutation:
    return Mutation(expected, why, base, without(base, *names))


def reverse(expected: str, why: str, mutation: Mutation) -> Mutation:
    return Mutation(expected, why, mutation.new, mutation.old)


def _number(text: str) -> list[int]:
    return [int(part) for part in text.partition("+")[0].split(".") if part.isdecimal()]


def of(name: str, base: Packages = CONDA) -> Package:
    return next(package for package in base if package.name == name)


def on_cpu() -> Packages:
    """Return the conda lock as a solve without a GPU gives it."""
    packages = without(CONDA, "cudnn", "nccl", "cuda-version", "libmagma", "triton", *CUDA_LIBRARIES)
    packages = moved(
        packages, "pytorch", build="cpu_generic_py312h1_0", depends=("libtorch 2.5.1.*", "numpy >=1.19")
    )
    packages = moved(packages, "libtorch", build="cpu_generic_h1_0", depends=())
    packages = moved(packages, "torchvision", build="cpu_py312h1_0", depends=("pytorch 2.5.1.*",))
    packages = moved(packages, "faiss", build="cpu_py312h1_0", depends=())
    return moved(packages, "xgboost", build="cpu_pyh2a01c92_0", depends=())


def pip_on_cpu(*, with_libraries: bool = False) -> Packages:
    packages = PIP if with_libraries else tuple(each for each in PIP if not each.name.startswith("nvidia-"))
    return moved(moved(packages, "torch", "2.7.1+cpu", depends=()), "torchvision", "0.22.1+cpu")


def with_mpi(kind: str) -> Packages:
    packages = moved(CONDA, "hdf5", build=f"mpi_{kind}_h1_5")
    packages = moved(packages, "h5py", build=f"mpi_{kind}_py312h1_2")
    return moved(packages, "libnetcdf", build=f"mpi_{kind}_h1_8")


def on_mpich() -> Packages:
    packages = moved(without(CONDA, "openmpi"), "mpi", build="mpich")
    packages = moved(packages, "mpi4py", build="py312h9_1", depends=("mpich >=4.2,<5.0a0", "mpi 1.0 mpich"))
    return (*packages, conda("mpich", "4.2.3", "h670b0a6_100", "mpi 1.0 mpich"))


def on_python_313() -> Packages:
    packages = moved(CONDA, "python", "3.13.1", "ha99a958_105_cp313")
    packages = moved(packages, "python_abi", "3.13", "5_cp313")
    for name in ("numpy", "scipy", "pytorch", "torchvision", "triton", "mpi4py", "h5py", "faiss"):
        packages = moved(packages, name, build=of(name).build.replace("py312", "py313"))
    return packages


def on_mkl() -> Packages:
    packages = moved(
        without(CONDA, "libopenblas"), "libblas", build="25_linux64_mkl", depends=("mkl >=2024.2,<2025.0a0",)
    )
    packages = moved(packages, "libcblas", build="25_linux64_mkl", depends=("libblas 3.9.0 25_linux64_mkl",))
    return (*packages, conda("mkl", "2024.2.2", "ha957f24_16"))


def on_cuda_13() -> Packages:
    packages = moved(CONDA, "cuda-version", "13.0")
    for name in CUDA_LIBRARIES:
        packages = moved(packages, name, "13.0.1", depends=("cuda-version >=13.0,<13.1.0a0",))
    for name in ("pytorch", "libtorch", "torchvision", "triton", "faiss", "xgboost"):
        package = of(name)
        depends = tuple(
            spec.replace("cuda-version >=12.6,<13", "cuda-version >=13.0,<14") for spec in package.depends
        )
        packages = moved(packages, name, build=package.build.replace("cuda126", "cuda130"), depends=depends)
    for name in ("cudnn", "nccl", "libmagma"):
        packages = moved(packages, name, build="h9_9", depends=("cuda-version >=13.0,<14",))
    return packages


GITHUB = "git+https://github.com/{}/tool.git@" + "a" * 40
TOOL = wheel("tool", "1.0")


def sourced(old: str, new: str) -> tuple[Packages, Packages]:
    """Return the pip lock with a tool from one place, and from another, whose bytes are its own."""

    def at(url: str) -> Package:
        return TOOL._replace(
            url=url, sha256="" if url.startswith("git+") else rehashed(TOOL._replace(url=url)).sha256
        )

    one, other = at(old), at(new)
    if one.sha256 and one.sha256 == other.sha256:
        other = other._replace(sha256="b" * 64)
    return (*PIP, one), (*PIP, other)


WHEEL = f"{FILES}/tool-1.0-py3-none-any.whl"

VERSIONS = (
    # The interpreter: extensions import on one minor version.
    version("python", "3.13.1", "critical", "extensions for 3.12 do not import"),
    version("python", "3.11.9", "critical", "extensions for 3.12 do not import"),
    version("python", "3.12.8", "medium", "bug fixes of the interpreter, the same ABI"),
    version("python", "3.12.1", "high", "fixes that somebody waited for are gone"),
    # NumPy: 2.0 broke the ABI; minors deprecate.
    version("numpy", "2.2.0", "critical", "what was compiled against NumPy 1 fails on import"),
    version("numpy", "1.25.2", "high", "what was compiled against 1.26 may need it"),
    version("numpy", "1.26.5", "low", "a patch release"),
    version("numpy", "1.26.1", "medium", "fixes are gone"),
    beside("numpy-base", "1.26.4", "2.0.0", "critical", "defaults' name of the same"),
    # The framework.
    version("pytorch", "2.6.0", "high", "kernels and defaults change"),
    version("pytorch", "3.0.0", "critical", "a major release of the framework"),
    version("pytorch", "2.5.2", "medium", "a patch release of the framework"),
    version("pytorch", "2.4.1", "critical", "checkpoints of the newer one may not load"),
    version("pytorch", "2.5.0", "high", "its bugs are back"),
    version("torch", "2.8.0", "high", "the same from PyPI", PIP),
    version("torch", "2.7.0", "high", "its bugs are back", PIP),
    version("tensorflow", "2.20.0", "high", "kernels and defaults change", TENSORFLOW),
    version("tensorflow", "2.18.1", "critical", "saved models of the newer one may not load", TENSORFLOW),
    version("jax", "0.7.0", "critical", "a minor of 0.x is a major release", TENSORFLOW),
    version("jax", "0.6.3", "medium", "a patch release", TENSORFLOW),
    # CUDA: minors share a driver within a major.
    version("cuda-version", "12.9", "high", "kernels for a newer toolkit may need a newer driver"),
    version("cuda-version", "12.4", "medium", "an older toolkit runs on every driver that ran the newer one"),
    version("cuda-version", "13.0", "critical variant", "another driver branch"),
    version("cuda-version", "11.8", "critical variant", "extensions for 12 do not load"),
    beside("cudatoolkit", "11.7.1", "11.8.0", "high", "the same under its old name"),
    beside("cudatoolkit", "11.8.0", "11.7.1", "medium", "older drivers suffice"),
    beside("cuda-nvrtc", "12.6.77", "12.6.85", "medium", "a patch of the runtime compiler"),
    # cuDNN, NCCL, MPI.
    version("cudnn", "9.7.1.26", "high", "other algorithms are selected"),
    version("cudnn", "8.9.7.29", "critical", "the framework loads only major 9"),
    version("cudnn", "9.1.1.17", "critical", "the framework was built for a newer minor"),
    version("nccl", "2.25.1.1", "medium", "all ranks get it, algorithms change"),
    version("nccl", "2.23.5.1", "low", "all ranks get the same patch"),
    version("nccl", "3.0.0.1", "high", "a new major of the protocol"),
    version("nccl", "2.22.3.1", "high", "the framework was built for a newer one"),
    version("nvidia-nccl-cu12", "2.27.3", "medium", "the same from PyPI", PIP),
    version("openmpi", "5.1.0", "high", "mpirun outside of the environment has to match"),
    version("openmpi", "4.1.6", "critical", "ranks of 4 and 5 do not talk to each other"),
    version("openmpi", "5.0.6", "medium", "a patch release"),
    version("mpi4py", "4.1.0", "high", "it wraps another MPI standard"),
    beside("aws-ofi-nccl", "1.11.0", "1.13.0", "medium", "NCCL's plugin"),
    beside("horovod", "0.28.1", "0.29.0", "critical", "a minor of 0.x, in every rank"),
    # The transport: rdma-core counts releases with one number.
    version("rdma-core", "58.0", "medium", "its first number counts releases"),
    version("rdma-core", "50.0", "high", "devices that the newer one knows are gone"),
    version("ucx", "1.18.0", "medium", "a minor release of the transport"),
    version("ucx", "1.16.0", "high", "what was built for 1.17 does not load"),
    version("ucx", "1.17.1", "low", "a patch release"),
    version("ucx", "2.0.0", "high", "a major release of the transport"),
    beside("libfabric", "1.22.0", "2.0.0", "high", "a major release of the transport"),
    beside("libpmix", "4.2.9", "5.0.3", "high", "Slurm's side has to match"),
    # The GNU runtime is compatible upwards.
    version("libstdcxx", "15.1.0", "low", "GNU's runtime runs what was built for an older one"),
    version("libstdcxx", "13.2.0", "critical", "GLIBCXX symbols are missing"),
    version("libstdcxx", "14.1.0", "high", "symbols may be missing"),
    version("libgcc", "15.1.0", "low", "GNU's runtime runs what was built for an older one"),
    version("libgcc", "12.4.0", "critical", "symbols are missing"),
    beside("libgomp", "13.2.0", "14.2.0", "low", "GNU's OpenMP, upwards"),
    beside("libgfortran5", "14.2.0", "13.2.0", "critical", "SciPy's Fortran symbols are missing"),
    version("llvm-openmp", "21.1.0", "low", "LLVM's OpenMP runs what was built for an older one"),
    version("llvm-openmp", "19.1.7", "info", "a patch release"),
    beside("libcxx", "20.1.8", "21.1.8", "low", "LLVM's runtime runs what was built for an older one"),
    beside("libcxx", "21.1.8", "20.1.8", "critical", "symbols are missing"),
    beside("pip", "24.0", "26.0.1", "low", "a year"),
    beside("webcolors", "24.11.1", "25.10.0", "low", "a year"),
    beside("setuptools", "80.9.0", "82.0.0", "low", "it counts releases"),
    version("llvm-openmp", "18.1.8", "critical", "symbols may be missing"),
    beside("sysroot_linux-64", "2.17", "2.28", "medium", "compiled code needs a newer glibc"),
    # CUDA libraries.
    version("libcublas", "12.9.1", "medium", "the framework loads it at run time"),
    version("libcublas", "12.6.5", "low", "a patch release"),
    version("libcublas", "13.0.0", "high", "another soname"),
    version("libcublas", "12.4.5", "medium", "the framework loads it at run time"),
    version("libmagma", "2.9.0", "medium", "linear algebra on the GPU"),
    version("nvidia-cublas-cu12", "12.8.4.1", "medium", "the same from PyPI", PIP),
    version("nvidia-nvtx-cu12", "12.8.55", "medium", "the same from PyPI", PIP),
    beside("cutensor", "2.0.2", "2.1.0", "medium", "tensor contractions on the GPU"),
    # Extensions: built for one framework or CUDA; a minor of 0.x is a major.
    version("torchvision", "0.21.0", "high", "its operators are compiled for one torch"),
    version("torchvision", "0.20.2", "low", "a patch release"),
    version("torchvision", "0.19.1", "high", "its operators are compiled for one torch"),
    version("triton", "3.2.0", "medium", "the compiler of the framework's kernels"),
    version("vllm", "0.10.0", "high", "a minor of 0.x", PIP),
    version("vllm", "0.9.3", "low", "a patch release", PIP),
    beside("sglang", "0.4.6", "0.5.0", "high", "a minor of 0.x", pip=True),
    beside("sgl-kernel", "0.1.5", "0.2.0", "high", "a minor of 0.x", pip=True),
    beside("flashinfer-python", "0.2.6", "0.3.0", "high", "a minor of 0.x", pip=True),
    beside("mamba-ssm", "2.2.4", "2.3.0", "medium", "compiled kernels", pip=True),
    beside("causal-conv1d", "1.4.0", "1.5.0", "medium", "compiled kernels", pip=True),
    beside("pytorch3d", "0.7.7", "0.8.0", "high", "a minor of 0.x"),
    beside("tensordict", "0.8.3", "0.9.0", "high", "a minor of 0.x", pip=True),
    beside("dgl", "1.1.3", "2.0.0", "high", "compiled for one torch"),
    beside("spconv-cu120", "2.3.6", "2.4.0", "medium", "compiled for one CUDA", pip=True),
    beside("nvidia-dali-cuda120", "1.44.0", "1.49.0", "medium", "decoders on the GPU", pip=True),
    beside("xformers", "0.0.28", "0.1.0", "high", "a minor of 0.x", pip=True),
    beside("bitsandbytes", "0.45.0", "0.46.0", "high", "a minor of 0.x", pip=True),
    beside("deepspeed", "0.16.0", "0.17.0", "high", "a minor of 0.x", pip=True),
    beside("torchaudio", "2.5.1", "2.4.1", "medium", "compiled for one torch"),
    beside("onnxruntime-gpu", "1.20.0", "1.21.0", "medium", "compiled for one CUDA", pip=True),
    version("flash-attn", "2.9.0+cu12torch2.7cxx11abifalse", "medium", "compiled kernels", PIP),
    version("faiss", "1.10.0", "medium", "an index of another minor"),
    # Training libraries.
    version("transformers", "5.0.0", "high", "APIs of the training loop are gone"),
    version("transformers", "4.48.0", "low", "routine"),
    version("transformers", "4.47.1", "info", "a patch release"),
    version("transformers", "3.5.1", "high", "models of the newer one are not known"),
    beside("lightning", "2.5.0", "3.0.0", "high", "the trainer's API"),
    beside("pytorch-lightning", "1.9.5", "2.0.0", "high", "the trainer's API"),
    beside("keras", "2.15.0", "3.0.0", "high", "Keras 3 is a rewrite"),
    beside("accelerate", "0.34.2", "1.0.0", "high", "a first major release"),
    # Libraries that others link to.
    version("openssl", "1.1.1", "high", "another soname"),
    version("openssl", "3.4.0", "low", "compatible within the major"),
    version("openssl", "3.3.3", "info", "a security patch"),
    version("libabseil", "20250127.0", "high", "each series has its own ABI"),
    version("libabseil", "20240722.1", "low", "the same series"),
    # BLAS.
    version("libopenblas", "0.3.29", "low", "a patch release"),
    beside("mkl", "2023.2.0", "2024.2.2", "medium", "a new year is no promise"),
    beside("mkl", "2024.2.2", "2023.2.0", "high", "NumPy was built for the newer one"),
    # Everything else.
    version("requests", "3.0.0", "medium", "a major release may remove what is used"),
    version("requests", "2.33.0", "low", "routine"),
    version("requests", "2.32.4", "info", "a patch release"),
    version("requests", "1.2.3", "medium", "what needs the newer API fails"),
    version("requests", "2.31.0", "low", "routine, backwards"),
    version("certifi", "2025.1.31", "low", "a new year is no promise"),
    version("zlib", "1.3.2", "info", "a patch release"),
    version("idna", "4.0", "medium", "a major release of a small package"),
    version("tqdm", "5.0.0", "medium", "the same from PyPI", PIP),
    version("tqdm", "4.68.0", "low", "routine", PIP),
    version("tqdm", "4.66.0", "low", "routine, backwards", PIP),
    version("libarrow", "19.0.0", "medium", "data files stay readable"),
    version("hdf5", "1.15.0", "low", "routine"),
    version("scipy", "1.15.0", "low", "routine"),
    version("scipy", "2.0.0", "medium", "a major release"),
)

BUILDS = (
    build(
        "high build pytorch",
        "the framework's kernels were compiled anew",
        "pytorch",
        "cuda126_generic_py312h9999999_201",
    ),
    build("low build numpy", "the same ABI", "numpy", "py312h9999999_1"),
    build("low build python", "the same ABI", "python", "hc5c86c4_1_cpython"),
    build("low build nccl", "all ranks get it", "nccl", "h9999999_3"),
    build("low build cudnn", "the same library", "cudnn", "h9999999_1"),
    build(
        "medium build torchvision",
        "compiled against another torch, perhaps",
        "torchvision",
        "cuda126_py312h9999999_1",
    ),
    build("info build libstdcxx", "GNU's runtime, rebuilt", "libstdcxx", "h9999999_2"),
    build("low build zlib", "other compilers, perhaps", "zlib", "h9999999_3"),
    build("info build requests", "noarch: nothing is compiled", "requests", "pyhd8ed1ab_2"),
    build("info build cuda-version", "noarch: it holds no file", "cuda-version", "h9999999_4"),
    build("info build transformers", "noarch: nothing is compiled", "transformers", "pyhd8ed1ab_1"),
    build("info build python_abi", "noarch: it holds no file", "python_abi", "6_cp312"),
    Mutation(
        "low build native",
        "another wheel of the same version",
        (*PIP, wheel("native", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64")),
        (*PIP, wheel("native", "1.0", tag="cp312-cp312-manylinux_2_28_x86_64")),
    ),
    Mutation(
        "high build tqdm",
        "each machine runs the sdist's setup.py",
        PIP,
        with_fields(PIP, "tqdm", url=f"{FILES}/tqdm-4.67.1.tar.gz", sha256="b" * 64),
    ),
    Mutation(
        "low build tqdm",
        "a wheel has the same files everywhere",
        with_fields(PIP, "tqdm", url=f"{FILES}/tqdm-4.67.1.tar.gz", sha256="b" * 64),
        PIP,
    ),
    Mutation(
        "high build tqdm",
        "an upgrade that also lost its wheel",
        PIP,
        with_fields(PIP, "tqdm", version="4.67.2", url=f"{FILES}/tqdm-4.67.2.tar.gz", sha256="b" * 64),
    ),
    Mutation(
        "low build tool",
        "another commit of the same version",
        *sourced(GITHUB.format("me"), GITHUB.format("me").replace("a" * 40, "b" * 40)),
    ),
)

VARIANTS = (
    Mutation("critical variant pytorch", "training crawls on the CPU", CONDA, on_cpu()),
    Mutation("high variant pytorch", "it needs a driver now", on_cpu(), CONDA),
    Mutation(
        "critical variant torch", "PyPI's torch with NVIDIA's wheels was a CUDA build", PIP, pip_on_cpu()
    ),
    Mutation(
        "critical variant torch",
        "and is none with +cpu, whatever lies beside it",
        PIP,
        pip_on_cpu(with_libraries=True),
    ),
    Mutation("high variant torch", "it needs a driver now", pip_on_cpu(), PIP),
    Mutation(
        "critical variant torchvision",
        "torch's operators are not found on the GPU",
        PIP,
        moved(PIP, "torchvision", "0.22.1+cpu"),
    ),
    Mutation("critical variant vllm", "the server runs on the CPU", PIP, moved(PIP, "vllm", "0.9.2+cpu")),
    Mutation(
        "critical variant tensorflow",
        "[and-cuda] brought its libraries",
        (
            *TENSORFLOW[:6],
            of("tensorflow", TENSORFLOW),
            *(p for p in TENSORFLOW if p.name.startswith("nvidia-")),
        ),
        (*TENSORFLOW[:6], of("tensorflow", TENSORFLOW)),
    ),
    Mutation(
        "critical variant jaxlib",
        "the plugin brought CUDA to jaxlib",
        TENSORFLOW,
        without(TENSORFLOW, "jax-cuda12-plugin"),
    ),
    Mutation(
        "critical variant tensorflow-cpu",
        "the CPU build has a name of its own",
        TENSORFLOW,
        (*without(TENSORFLOW, "tensorflow"), wheel("tensorflow-cpu", "2.19.0", "numpy")),
    ),
    Mutation(
        "high variant torch-scatter",
        "its kernels for GPUs are gone",
        PIP,
        moved(PIP, "torch-scatter", "2.1.2+pt27cpu"),
    ),
    Mutation(
        "critical variant torch-scatter",
        "compiled for another CUDA major",
        PIP,
        moved(PIP, "torch-scatter", "2.1.2+pt27cu118"),
    ),
    Mutation(
        "high variant torch-scatter",
        "compiled for another torch",
        PIP,
        moved(PIP, "torch-scatter", "2.1.2+pt26cu126"),
    ),
    Mutation(
        "critical variant flash-attn",
        "the other C++ ABI does not import",
        PIP,
        moved(PIP, "flash-attn", "2.8.1+cu12torch2.7cxx11abitrue"),
    ),
    Mutation(
        "critical variant flash-attn",
        "compiled for another CUDA major",
        PIP,
        moved(PIP, "flash-attn", "2.8.1+cu11torch2.7cxx11abifalse"),
    ),
    Mutation(
        "high variant faiss",
        "it searches on the CPU",
        CONDA,
        moved(CONDA, "faiss", build="cpu_py312h1_0", depends=()),
    ),
    Mutation(
        "high variant xgboost",
        "it trains on the CPU",
        CONDA,
        moved(CONDA, "xgboost", build="cpu_pyh2a01c92_0", depends=()),
    ),
    Mutation(
        "low build libarrow",
        "Arrow's CPU build is the default",
        CONDA,
        tuple(
            rehashed(p._replace(build=p.build.replace("_cpu", "_cuda")))
            if p.name in ("libarrow", "libarrow-acero", "libparquet")
            else p
            for p in CONDA
        ),
    ),
    Mutation(
        "low variant libarrow",
        "training does not depend on Arrow's GPU build",
        tuple(
            rehashed(p._replace(build=p.build.replace("_cpu", "_cuda")))
            if p.name in ("libarrow", "libarrow-acero", "libparquet")
            else p
            for p in CONDA
        ),
        CONDA,
    ),
    Mutation(
        "critical variant cuda-version", "one switch to CUDA 13, led by what selects it", CONDA, on_cuda_13()
    ),
    Mutation("high variant h5py", "nompi to MPI is one event", CONDA, with_mpi("openmpi")),
    Mutation("high variant h5py", "MPI to nompi is one event", with_mpi("openmpi"), CONDA),
    Mutation(
        "high variant h5py",
        "without MPI's own packages, what uses it leads",
        with_mpi("openmpi"),
        with_mpi("mpich"),
    ),
    Mutation("critical variant mpi", "all ranks and the launcher", CONDA, on_mpich()),
    Mutation("critical upgrade python", "what is rebuilt for 3.13 follows it", CONDA, on_python_313()),
    Mutation("medium variant libblas", "the last bits of results", CONDA, on_mkl()),
    build(
        "high variant _openmp_mutex",
        "two OpenMP runtimes",
        "_openmp_mutex",
        "2_kmp_llvm",
        (*CONDA, conda("_openmp_mutex", "4.5", "2_gnu")),
    ),
    build("critical variant python", "PyPy loads no extension for CPython", "python", "0_73_pypy"),
)

COMPANIONS = (
    Mutation(
        "high upgrade pytorch",
        "libtorch and torchvision are released with it",
        CONDA,
        moved(moved(moved(CONDA, "pytorch", "2.6.0"), "libtorch", "2.6.0"), "torchvision", "0.21.0"),
    ),
    Mutation(
        "high upgrade torch",
        "it requires NVIDIA's wheels in one version",
        PIP,
        tuple(
            rehashed(p._replace(version="12.8.4.1")) if p.name == "nvidia-cublas-cu12" else p
            for p in moved(PIP, "torch", "2.8.0", depends=("nvidia-cublas-cu12 ==12.8.4.1",))
        ),
    ),
    Mutation(
        "medium upgrade libarrow",
        "its parts are released with it",
        CONDA,
        moved(moved(moved(CONDA, "libarrow", "19.0.0"), "libarrow-acero", "19.0.0"), "libparquet", "19.0.0"),
    ),
    Mutation(
        "info added rich",
        "what it requires comes with it",
        CONDA,
        (
            *CONDA,
            conda("rich", "13.9.4", "pyh_0", "pygments >=2.13", subdir="noarch"),
            conda("pygments", "2.18.0", "pyh_0", subdir="noarch"),
        ),
    ),
    Mutation(
        "medium removed requests", "what it required goes with it", CONDA, without(CONDA, "requests", "idna")
    ),
    Mutation(
        "low upgrade requests",
        "it requires one more package",
        CONDA,
        (
            *moved(CONDA, "requests", "2.33.0", depends=("idna", "urllib3")),
            conda("urllib3", "2.2.3", "pyh_0", subdir="noarch"),
        ),
    ),
    Mutation(
        "high hash python",
        "one tool wrote all entries without hashes",
        CONDA,
        tuple(p._replace(sha256="", md5="") for p in CONDA),
    ),
    Mutation(
        "medium hash python",
        "one tool wrote all entries with MD5",
        CONDA,
        tuple(p._replace(sha256="") for p in CONDA),
    ),
)

PRESENCE = (
    added("info added rich", "a small package", conda("rich", "13.9.4")),
    added("low added xformers", "a GPU extension", wheel("xformers", "0.0.31"), base=PIP),
    added("high added cuda-compat", "it replaces the driver's libcuda", conda("cuda-compat", "12.6.77")),
    added("high added cuda-compat-12-6", "NVIDIA's name of the same", conda("cuda-compat-12-6", "12.6.77")),
    added("critical duplicate nvidia-nccl-cu12", "two NCCLs", wheel("nvidia-nccl-cu12", "2.26.2")),
    added(
        "critical duplicate nvidia-nccl-cu11",
        "two NCCLs from PyPI",
        wheel("nvidia-nccl-cu11", "2.21.5"),
        base=PIP,
    ),
    added("critical duplicate nccl", "conda's beside pip's", conda("nccl", "2.26.2"), base=PIP),
    added(
        "high duplicate nvidia-cuda-runtime-cu12",
        "two CUDA runtimes",
        wheel("nvidia-cuda-runtime-cu12", "12.6.77"),
    ),
    added("high duplicate cudatoolkit", "two CUDA runtimes from conda", conda("cudatoolkit", "11.8.0")),
    added(
        "high duplicate nvidia-cuda-runtime",
        "CUDA 13's beside 12's",
        wheel("nvidia-cuda-runtime", "13.0.48"),
        base=PIP,
    ),
    added("high duplicate nvidia-cudnn-cu12", "two cuDNNs", wheel("nvidia-cudnn-cu12", "9.5.1.17")),
    added("critical shadowed requests", "pip writes over conda's files", wheel("requests", "2.32.3")),
    reverse(
        "info removed nvidia-nccl-cu11",
        "one NCCL is left",
        added("", "", wheel("nvidia-nccl-cu11", "2.21.5"), base=PIP),
    )._replace(expected="high removed nvidia-nccl-cu11"),
    removed("medium removed tqdm", "it can go on purpose", "tqdm", base=PIP),
    removed("high removed vllm", "it can go on purpose, and is what the job runs", "vllm", base=PIP),
    removed("high removed transformers", "it can go on purpose, and is what the job runs", "transformers"),
    removed("medium removed certifi", "it can go on purpose", "certifi"),
    removed("critical removed numpy", "SciPy still requires it", "numpy"),
    removed("critical removed idna", "requests still requires it", "idna"),
    removed("critical removed nvidia-cudnn-cu12", "torch still requires it", "nvidia-cudnn-cu12", base=PIP),
    removed("critical removed libopenblas", "libblas still requires it", "libopenblas"),
    Mutation(
        "low upgrade requests",
        "nothing requires idna any more",
        CONDA,
        moved(without(CONDA, "idna"), "requests", "2.33.0", depends=("python",)),
    ),
)

PLACES = (
    Mutation(
        "high channel numpy",
        "other compilers and options",
        CONDA,
        with_fields(
            CONDA,
            "numpy",
            channel="https://repo.anaconda.com/pkgs/main",
            url=of("numpy").url.replace(FORGE, "https://repo.anaconda.com/pkgs/main"),
            sha256="b" * 64,
            md5="c" * 32,
        ),
    ),
    Mutation(
        "medium channel zlib",
        "other compilers and options",
        CONDA,
        with_fields(
            CONDA,
            "zlib",
            channel="https://conda.anaconda.org/bioconda",
            url=of("zlib").url.replace("conda-forge", "bioconda"),
            sha256="b" * 64,
            md5="c" * 32,
        ),
    ),
    Mutation(
        "info metadata numpy",
        "a mirror has the same bytes",
        CONDA,
        with_fields(
            CONDA,
            "numpy",
            channel="https://mirror.example/conda-forge",
            url=of("numpy").url.replace(FORGE, "https://mirror.example/conda-forge"),
        ),
    ),
    Mutation(
        "high channel tool", "another host", *sourced(WHEEL, "https://evil.example/tool-1.0-py3-none-any.whl")
    ),
    Mutation(
        "high channel tool",
        "back to PyPI is another source, too",
        *sourced("https://evil.example/tool-1.0-py3-none-any.whl", WHEEL),
    ),
    Mutation(
        "high channel tool",
        "without TLS",
        *sourced(
            "https://wheels.example/tool-1.0-py3-none-any.whl",
            "http://wheels.example/tool-1.0-py3-none-any.whl",
        ),
    ),
    Mutation(
        "high channel tool",
        "an index to somebody's release page",
        *sourced(WHEEL, "https://github.com/me/tool/releases/download/1/tool-1.0-py3-none-any.whl"),
    ),
    Mutation(
        "high channel tool",
        "a release page to somebody else's",
        *sourced(
            "https://github.com/me/tool/releases/download/1/tool-1.0-py3-none-any.whl",
            "https://github.com/you/tool/releases/download/1/tool-1.0-py3-none-any.whl",
        ),
    ),
    Mutation("high channel tool", "an index to a repository", *sourced(WHEEL, GITHUB.format("me"))),
    Mutation(
        "high channel tool",
        "a repository to somebody's fork",
        *sourced(GITHUB.format("me"), GITHUB.format("you")),
    ),
    Mutation(
        "high channel tool",
        "a repository on another host",
        *sourced(GITHUB.format("me"), GITHUB.format("me").replace("github.com", "gitlab.com")),
    ),
    Mutation(
        "high channel tool",
        "a repository without TLS",
        *sourced(GITHUB.format("me"), GITHUB.format("me").replace("https://", "http://")),
    ),
    Mutation(
        "high channel tool",
        "an index to a local file",
        *sourced(WHEEL, "file:///home/me/tool-1.0-py3-none-any.whl"),
    ),
    Mutation(
        "info metadata tool",
        "a mirror of PyPI has the same bytes",
        (*PIP, TOOL),
        (*PIP, TOOL._replace(url=TOOL.url.replace("files.pythonhosted.org", "pypi.example"))),
    ),
    Mutation(
        "high manager tqdm", "conda's instead of pip's", PIP, (*without(PIP, "tqdm"), conda("tqdm", "4.67.1"))
    ),
    Mutation(
        "high manager pytorch",
        "conda's instead of pip's",
        (*PIP[:6], wheel("torch", "2.5.1")),
        (*PIP[:6], conda("pytorch", "2.5.1", "cuda126_h1_0")),
    ),
)

ENTRIES = (
    fields(
        "critical bytes numpy", "replaced upstream, or tampered with", "numpy", sha256="b" * 64, md5="c" * 32
    ),
    fields("critical bytes tqdm", "replaced upstream, or tampered with", "tqdm", PIP, sha256="b" * 64),
    fields("high hash numpy", "whatever the server sends is installed", "numpy", sha256="", md5=""),
    fields("medium hash numpy", "MD5 can be forged", "numpy", sha256=""),
    fields("high hash tqdm", "whatever the server sends is installed", "tqdm", PIP, sha256=""),
    reverse("info hash numpy", "a hash that came", fields("", "", "numpy", sha256="", md5="")),
    Mutation(
        "high hash numpy",
        "an upgrade that also lost its hash",
        CONDA,
        tuple(
            p._replace(sha256="", md5="") if p.name == "numpy" else p for p in moved(CONDA, "numpy", "1.26.5")
        ),
    ),
    fields("critical category numpy", "micromamba installs main only", "numpy", category="dev"),
    fields("critical category numpy", "and nothing that is optional", "numpy", category="optional"),
    fields("critical category tqdm", "the same for pip", "tqdm", PIP, category="dev, optional"),
    reverse(
        "medium category numpy", "every installer installs it now", fields("", "", "numpy", category="dev")
    ),
    Mutation(
        "low category numpy",
        "both are skipped",
        with_fields(CONDA, "numpy", category="dev"),
        with_fields(CONDA, "numpy", category="docs"),
    ),
    Mutation(
        "critical category numpy",
        "an upgrade that also left main",
        CONDA,
        tuple(
            p._replace(category="dev") if p.name == "numpy" else p for p in moved(CONDA, "numpy", "1.26.5")
        ),
    ),
    fields(
        "critical contradiction numpy",
        "the URL installs 1.26.3",
        "numpy",
        url=of("numpy").url.replace("1.26.4", "1.26.3"),
        version="1.26.5",
    ),
    fields(
        "critical contradiction zlib",
        "the URL installs another package",
        "zlib",
        url=of("idna").url,
        version="1.3.2",
    ),
    fields(
        "critical contradiction tqdm",
        "the URL installs 4.66",
        "tqdm",
        PIP,
        url=of("tqdm", PIP).url.replace("4.67.1", "4.66.0"),
        version="4.68.0",
    ),
    fields(
        "critical contradiction tqdm",
        "the URL installs another project",
        "tqdm",
        PIP,
        url=of("tqdm", PIP).url.replace("tqdm", "tqdn"),
        version="4.68.0",
    ),
    Mutation(
        "info contradiction zlib",
        "the URL is the entry's own again",
        with_fields(CONDA, "zlib", url=of("idna").url),
        with_fields(CONDA, "zlib", sha256=of("zlib").sha256),
    ),
    Mutation(
        "info metadata numpy",
        "another archive format",
        CONDA,
        with_fields(
            CONDA, "numpy", url=of("numpy").url.replace(".conda", ".tar.bz2"), sha256="b" * 64, md5="c" * 32
        ),
    ),
)

TABLE = (*VERSIONS, *BUILDS, *VARIANTS, *COMPANIONS, *PRESENCE, *PLACES, *ENTRIES)


def leads(old: Operand, new: Operand) -> list[str]:
    (comparison,) = compare(old, new).comparisons
    return [
        f"{event.lead.severity} {event.lead.classes[0]} {event.lead.subject}"
        for event in comparison.events
        if event.lead.manager != "machine"
    ]


@pytest.mark.parametrize("mutation", TABLE, ids=lambda each: f"{each.expected}: {each.why}"[:90])
def test_a_change_is_one_event_of_its_class_and_severity(mutation: Mutation) -> None:
    assert leads(operand(mutation.old), operand(mutation.new)) == [mutation.expected]


@pytest.mark.parametrize("base", [CONDA, PIP, TENSORFLOW])
def test_a_lock_is_no_drift_from_itself(base: Packages) -> None:
    assert report(base, base).rows == ()


def test_the_table_is_long_and_says_why() -> None:
    assert len(TABLE) >= 200
    assert all(mutation.why for mutation in TABLE)


PIXI = tuple(package._replace(license="BSD-3-Clause") for package in CONDA)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("numpy", {"license": "BSD License"}, []),
        ("numpy", {"license": "AGPL-3.0-only"}, ["medium license numpy"]),
        ("zlib", {"license": "LicenseRef-Proprietary"}, ["medium license zlib"]),
        ("scipy", {"depends": ("numpy <1.26", "python >=3.12,<3.13.0a0")}, ["high unmet scipy"]),
        ("scipy", {"depends": ("numpy <3", "python >=3.12,<3.13.0a0")}, ["info metadata scipy"]),
        ("cuda-version", {"constrains": ("__cuda >=12", "pytorch <2.5")}, ["high unmet cuda-version"]),
        ("cuda-version", {"constrains": ("__cuda >=12", "pytorch <3")}, ["info metadata cuda-version"]),
    ],
)
def test_what_a_pixi_lock_records_besides_is_compared(
    name: str, values: dict[str, Any], expected: list[str]
) -> None:
    assert leads(as_pixi(PIXI), as_pixi(with_fields(PIXI, name, **values))) == expected


def test_a_dropped_platform_is_a_change() -> None:
    one = operand(CONDA)
    two = replace_platforms(one, (PLATFORM, "osx-arm64"))
    dropped, gained = compare(two, one), compare(one, two)
    assert [(row.subject, row.classes, row.severity) for row in dropped.rows] == [
        ("osx-arm64", ("removed",), "critical")
    ]
    assert [(row.subject, row.classes, row.severity) for row in gained.rows] == [
        ("osx-arm64", ("added",), "info")
    ]


def replace_platforms(lock: Operand, platforms: tuple[str, ...]) -> Operand:
    return lock._replace(platforms=dict.fromkeys(platforms, lock.platforms[PLATFORM]))


def test_an_explicit_file_does_not_know_what_was_requested() -> None:
    bare = tuple(package._replace(depends=()) for package in CONDA)
    old, new = (operand(packages)._replace(kind="explicit") for packages in (bare, without(bare, "zlib")))
    (row,) = compare(old, new).rows
    assert (row.severity, row.classes) == ("medium", ("removed",))
    assert row.why == "the old side does not record what required it: what uses it fails"
