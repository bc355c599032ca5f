"""The layers of a training stack: their packages, and the severity of each step of a version, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from conda_lockstep.conda.version import Step
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a training stack: its packages, the severity of each step of a version, and why it matters."""

    title: str
    names: re.Pattern[str]
    major: Severity
    minor: Severity
    patch: Severity
    build: Severity
    why: str

    def of(self, how_far: Step) -> Severity:
        """Return the severity of a step of a version."""
        return self.major if how_far == "major" else self.minor if how_far == "minor" else self.patch


def _layer(title: str, names: str, grades: str, why: str) -> Layer:
    major, minor, patch, build = (next(s for s in SEVERITIES if s.startswith(g)) for g in grades.split())
    return Layer(title, re.compile(f"(?:{names})$"), major, minor, patch, build, why)


#       layer, package names (conda and PyPI), severity of a major, minor, patch and build step, why it matters
STACK: tuple[Layer, ...] = (
    _layer(
        "interpreter",
        r"python|python_abi|cpython|pypy\d.*|python-(?:gil|freethreading)",
        "c c m l",
        "compiled extensions are built for one Python minor version and do not import on another",
    ),
    _layer(
        "NumPy",
        r"numpy|numpy-base",
        "c m l l",
        "extensions built against another NumPy ABI fail on import or read wrong memory",
    ),
    _layer(
        "framework",
        r"pytorch|pytorch-(?:gpu|cpu|mutex)|torch|libtorch|tensorflow|tensorflow-(?:base|gpu|cpu)"
        r"|libtensorflow.*|jax|jaxlib|mxnet|paddlepaddle.*",
        "c h m h",
        "kernels, defaults, checkpoints and the C++ ABI change with the framework",
    ),
    _layer(
        "CUDA runtime",
        r"cuda|cuda-version|cuda-runtime|cuda-toolkit|cudatoolkit|pytorch-cuda|cuda-cudart.*|cuda-nvrtc.*"
        r"|nvidia-cuda-(?:runtime|nvrtc)(?:-cu\d+)?|rocm-core",
        "c h m l",
        "the CUDA runtime determines which drivers are supported and which kernels are found",
    ),
    _layer(
        "cuDNN",
        r"cudnn|libcudnn.*|nvidia-cudnn(?:-cu\d+)?|miopen",
        "c h m l",
        "the framework selects its algorithms by the cuDNN version, and loads only the major it was built for",
    ),
    _layer(
        "NCCL",
        r"nccl|nvidia-nccl(?:-cu\d+)?|rccl|aws-ofi-nccl",
        "c h h m",
        "ranks with different NCCL versions fail to connect or hang",
    ),
    _layer(
        "MPI",
        r"mpi|openmpi|mpich|mpi4py|impi_rt|impi-rt|msmpi|horovod",
        "c h m l",
        "the MPI launcher and libraries must match on all nodes",
    ),
    _layer(
        "network transport",
        r"ucx|ucc|libfabric.*|libpmix|pmix|rdma-core|libibverbs",
        "h m l l",
        "the transport under NCCL and MPI must match the network driver and the other nodes",
    ),
    _layer(
        "C and C++ runtime",
        r"libstdcxx(?:-ng|-devel.*)?|libgcc(?:-ng)?|_libgcc_mutex|_openmp_mutex|libgomp|llvm-openmp|intel-openmp"
        r"|libcxx|sysroot_.*",
        "h m l l",
        "every compiled extension uses the C++ and OpenMP runtime, and fails to load if it is too old",
    ),
    _layer(
        "CUDA libraries",
        r"lib(?:cublas|cufft|cufile|curand|cusolver|cusparse|cusparselt|npp|nvjitlink|nvjpeg|nvshmem)\d*(?:-dev)?"
        r"|nvidia-(?:cublas|cufft|cufile|curand|cusolver|cusparse|cusparselt|nvjitlink|nvshmem|nvtx)(?:-cu\d+)?"
        r"|magma|libmagma.*|cutensor|nvidia-cutensor.*|cuda-.*|nvidia-cuda-.*",
        "h m l l",
        "the framework loads this CUDA library at run time",
    ),
    _layer(
        "GPU extension",
        r"triton|pytorch-triton|xformers|flash[-_]attn|apex|nvidia-apex|deepspeed|bitsandbytes|transformer[-_]engine.*"
        r"|torchvision|torchaudio|torchtext|torch[-_].*|pytorch[-_].*|jax-cuda.*|cupy.*|cuda-python|faiss.*|xgboost"
        r"|libxgboost|py-xgboost.*|rapids|cudf|rmm|onnxruntime.*|tensorrt.*",
        "h m l m",
        "built for one framework and one CUDA version; a mismatch fails on import or runs wrong kernels",
    ),
    _layer(
        "BLAS",
        r"blas|blas-devel|libblas|libcblas|liblapack|liblapacke|openblas|libopenblas|mkl|mkl-.*",
        "h m l l",
        "BLAS determines the last bits of results, and its threads compete with the data loaders",
    ),
)
OTHER = _layer("other", "", "m l i l", "")


def layer_of(package: Package) -> Layer | None:
    """Return the layer of the stack that a package belongs to; None for all others."""
    return layer_named(package.name)


@lru_cache(maxsize=1 << 14)
def layer_named(name: str) -> Layer | None:
    """Return the layer that packages of this name, conda's or PyPI's, belong to; None for all others."""
    match = _LAYERS.match(name)
    return STACK[int(match.lastgroup[1:])] if match and match.lastgroup else None


_LAYERS = re.compile("|".join(f"(?P<_{number}>{layer.names.pattern})" for number, layer in enumerate(STACK)))
"""All layers in one pattern; the first that matches wins."""
