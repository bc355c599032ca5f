"""Locks of a training environment, as conda-forge and PyPI have them, for tests that change one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.lock.check.pairs import FORGE, conda, wheel

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand, from_lock
from conda_lockstep.drift.report import Report
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

PLATFORM = "linux-64"
NOARCH = "noarch"
CUDA_LIBRARIES = (
    "libcublas",
    "libcufft",
    "libcurand",
    "libcusolver",
    "libcusparse",
    "libnvjitlink",
    "cuda-cudart",
)

CONDA = (
    conda(
        "python",
        "3.12.7",
        "hc5c86c4_0_cpython",
        "__glibc >=2.17,<3.0.a0",
        "openssl >=3.3.2,<4",
        "tzdata",
        "libgcc >=13",
    ),
    conda("python_abi", "3.12", "5_cp312", subdir=NOARCH),
    conda("openssl", "3.3.2", "hb9d3cd8_0", "libgcc >=13"),
    conda("tzdata", "2025a", "h78e105d_0", subdir=NOARCH),
    conda("libgcc", "14.2.0", "h77fa898_1", "_libgcc_mutex 0.1"),
    conda("libgcc-ng", "14.2.0", "h69a702a_1", "libgcc 14.2.0 h77fa898_1"),
    conda("libstdcxx", "14.2.0", "hc0a3c3a_1", "libgcc 14.2.0 h77fa898_1"),
    conda("_libgcc_mutex", "0.1", "conda_forge"),
    conda("llvm-openmp", "19.1.4", "h024ca30_0"),
    conda(
        "numpy",
        "1.26.4",
        "py312heda63a1_0",
        "python >=3.12,<3.13.0a0",
        "python_abi 3.12.* *_cp312",
        "libblas >=3.9.0,<4.0a0",
    ),
    conda("libblas", "3.9.0", "25_linux64_openblas", "libopenblas >=0.3.28,<1.0a0"),
    conda("libcblas", "3.9.0", "25_linux64_openblas", "libblas 3.9.0 25_linux64_openblas"),
    conda("libopenblas", "0.3.28", "pthreads_h94d23a6_1"),
    conda(
        "scipy",
        "1.14.1",
        "py312h62794b6_1",
        "numpy <2.3",
        "numpy >=1.23.5",
        "python >=3.12,<3.13.0a0",
        "python_abi 3.12.* *_cp312",
    ),
    conda(
        "pytorch",
        "2.5.1",
        "cuda126_generic_py312h1b8a1cb_200",
        "cuda-version >=12.6,<13",
        "cudnn >=9.3,<10",
        "libtorch 2.5.1.*",
        "nccl >=2.23,<3",
        "numpy >=1.19,<3",
        "python >=3.12,<3.13.0a0",
        "triton 3.1.0.*",
    ),
    conda(
        "libtorch",
        "2.5.1",
        "cuda126_generic_h14a7494_200",
        "cuda-version >=12.6,<13",
        "cudnn >=9.3,<10",
        "libabseil >=20240722.0,<20240723.0a0",
        "nccl >=2.23,<3",
        "libmagma >=2.8,<3",
        *(f"{name} >=1" for name in CUDA_LIBRARIES),
    ),
    conda(
        "torchvision",
        "0.20.1",
        "cuda126_py312h361dcba_0",
        "cuda-version >=12.6,<13",
        "pytorch 2.5.1.*",
        "python >=3.12,<3.13.0a0",
    ),
    conda("triton", "3.1.0", "cuda126py312hebffaa9_1", "cuda-version >=12.6,<13", "python >=3.12,<3.13.0a0"),
    conda("libmagma", "2.8.0", "h566cb83_2", "cuda-version >=12.6,<13"),
    conda("cuda-version", "12.6", "h7480c83_3", subdir=NOARCH, constrains=("__cuda >=12",)),
    conda("cudnn", "9.3.0.75", "hc149ed5_0", "cuda-version >=12,<13.0a0"),
    conda("nccl", "2.23.4.1", "h52f6c39_2", "cuda-version >=12.0,<13.0a0"),
    *(conda(name, "12.6.4", "h5888daf_0", "cuda-version >=12.6,<12.7.0a0") for name in CUDA_LIBRARIES),
    conda("libabseil", "20240722.0", "cxx17_h5888daf_1"),
    conda("mpi", "1.0", "openmpi", subdir=NOARCH),
    conda("openmpi", "5.0.5", "h7ebae48_102", "mpi 1.0 openmpi", "ucx >=1.17,<1.18.0a0"),
    conda("mpi4py", "4.0.1", "py312h5a51fea_0", "openmpi >=5.0.5,<6.0a0", "mpi 1.0 openmpi"),
    conda("ucx", "1.17.0", "h53fcf79_3", "rdma-core >=54.0"),
    conda("rdma-core", "55.0", "h5888daf_0"),
    conda("hdf5", "1.14.4", "nompi_h2d575fe_105"),
    conda(
        "h5py", "3.12.1", "nompi_py312hd203070_102", "hdf5 >=1.14.4,<1.14.5.0a0", "python >=3.12,<3.13.0a0"
    ),
    conda("libnetcdf", "4.9.2", "nompi_h2d3d5cf_118", "hdf5 >=1.14.4,<1.14.5.0a0"),
    conda("libarrow", "18.1.0", "h44a453e_6_cpu", "libabseil >=20240722.0,<20240723.0a0"),
    conda("libarrow-acero", "18.1.0", "hcb10f89_6_cpu", "libarrow 18.1.0 h44a453e_6_cpu"),
    conda("libparquet", "18.1.0", "h081d1f1_6_cpu", "libarrow 18.1.0 h44a453e_6_cpu"),
    conda("faiss", "1.9.0", "cuda126py312h1b8a1cb_0", "cuda-version >=12.6,<13"),
    conda("xgboost", "2.1.3", "cuda126_pyh2a01c92_0", subdir=NOARCH),
    conda("transformers", "4.47.0", "pyhd8ed1ab_0", "numpy >=1.17", "python >=3.9", subdir=NOARCH),
    conda("requests", "2.32.3", "pyhd8ed1ab_1", "idna >=2.5,<4", "python >=3.9", subdir=NOARCH),
    conda("idna", "3.10", "pyhd8ed1ab_1", "python >=3.9", subdir=NOARCH),
    conda("certifi", "2024.12.14", "pyhd8ed1ab_0", "python >=3.9", subdir=NOARCH),
    conda("zlib", "1.3.1", "hb9d3cd8_2"),
)
"""PyTorch with CUDA, MPI and Arrow from conda-forge, in the versions of the end of 2024."""

NVIDIA = tuple(
    wheel(f"nvidia-{name}-cu12", version)
    for name, version in (
        ("cublas", "12.6.4.1"),
        ("cuda-cupti", "12.6.80"),
        ("cuda-nvrtc", "12.6.77"),
        ("cuda-runtime", "12.6.77"),
        ("cudnn", "9.5.1.17"),
        ("cufft", "11.3.0.4"),
        ("curand", "10.3.7.77"),
        ("cusolver", "11.7.1.2"),
        ("cusparse", "12.5.4.2"),
        ("nccl", "2.26.2"),
        ("nvjitlink", "12.6.85"),
        ("nvtx", "12.6.77"),
    )
)
PIP = (
    *(
        package
        for package in CONDA
        if package.name in ("python", "python_abi", "openssl", "tzdata", "libgcc", "_libgcc_mutex")
    ),
    wheel(
        "torch",
        "2.7.1",
        *(f"{each.name} =={each.version}" for each in NVIDIA),
        "triton ==3.3.1",
        tag="cp312-cp312-manylinux_2_28_x86_64",
    ),
    *NVIDIA,
    wheel("triton", "3.3.1", tag="cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64"),
    wheel("torchvision", "0.22.1", "torch ==2.7.1", "numpy", tag="cp312-cp312-manylinux_2_28_x86_64"),
    wheel("numpy", "2.2.6", tag="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
    wheel("vllm", "0.9.2", "torch ==2.7.1", tag="cp38-abi3-manylinux1_x86_64"),
    wheel("flash-attn", "2.8.1+cu12torch2.7cxx11abifalse", "torch", tag="cp312-cp312-linux_x86_64"),
    wheel("torch-scatter", "2.1.2+pt27cu126", tag="cp312-cp312-linux_x86_64"),
    wheel("transformers", "4.53.1", "numpy >=1.17"),
    wheel("tqdm", "4.67.1"),
)
"""PyTorch from PyPI with its CUDA libraries, in the versions of the middle of 2025."""

TENSORFLOW = (
    *(
        package
        for package in CONDA
        if package.name in ("python", "python_abi", "openssl", "tzdata", "libgcc", "_libgcc_mutex")
    ),
    wheel("tensorflow", "2.19.0", "numpy", tag="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
    *NVIDIA,
    wheel("jax", "0.6.2", "jaxlib <=0.6.2,>=0.6.2"),
    wheel("jaxlib", "0.6.2", tag="cp312-cp312-manylinux2014_x86_64"),
    wheel("jax-cuda12-plugin", "0.6.2", tag="cp312-cp312-manylinux_2_27_x86_64"),
    wheel("numpy", "2.1.3", tag="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
)
"""TensorFlow and JAX with NVIDIA's libraries, from PyPI."""


def rehashed(package: Package) -> Package:
    """Return a package with the URL and the hashes of its name, version and build."""
    if package.manager == "conda":
        place = package.url.rpartition("/")[0] or f"{FORGE}/{PLATFORM}"
        url = f"{place}/{package.name}-{package.version}-{package.build}.conda"
        md5 = hashlib.md5(url.encode()).hexdigest()
    else:
        tag = package.url.rpartition("/")[2].partition("-")[2].partition("-")[2]
        url = f"{package.url.rpartition('/')[0]}/{package.name.replace('-', '_')}-{package.version}-{tag}"
        md5 = ""
    return package._replace(url=url, sha256=hashlib.sha256(url.encode()).hexdigest(), md5=md5)


def with_fields(packages: Iterable[Package], name: str, **fields: Any) -> tuple[Package, ...]:
    """Return packages with other fields of one, exactly as given."""
    packages = tuple(packages)
    assert sum(package.name == name for package in packages) == 1, name
    return tuple(each._replace(**fields) if each.name == name else each for each in packages)


def moved(
    packages: Iterable[Package], name: str, version: str = "", build: str = "", **fields: Any
) -> tuple[Package, ...]:
    """Return packages with another version or build of one: another file, with its own URL and hashes."""
    packages = tuple(packages)
    assert sum(package.name == name for package in packages) == 1, name
    return tuple(
        rehashed(each._replace(version=version or each.version, build=build or each.build, **fields))
        if each.name == name
        else each
        for each in packages
    )


def without(packages: Iterable[Package], *names: str) -> tuple[Package, ...]:
    """Return packages without some."""
    packages = tuple(packages)
    assert {*names} <= {package.name for package in packages}
    return tuple(each for each in packages if each.name not in names)


def operand(packages: Iterable[Package], label: str = "conda-lock.yml") -> Operand:
    """Return packages as a lock that was written and read."""
    lock = Lock({PLATFORM: PackageSet.of(packages)}, ("conda-forge",), ("environment.yml",))
    read = cep37.parse(cep37.render(lock), label)
    kept = PackageSet(
        {key: _with_category(read.platforms[PLATFORM][key], lock) for key in read.platforms[PLATFORM]}
    )
    return from_lock(replace(read, platforms={PLATFORM: kept}), label)


def _with_category(package: Package, lock: Lock) -> Package:
    """Put back what our own locks do not have: all that they hold is of the category ``main``."""
    return package._replace(category=lock.platforms[PLATFORM][package.key].category)


def as_pixi(packages: Iterable[Package]) -> Operand:
    """Return packages as a pixi.lock records them: with constrains and licenses."""
    return Operand("pixi.lock", "pixi", {PLATFORM: PackageSet.of(packages)})


def report(old: Iterable[Package], new: Iterable[Package]) -> Report:
    """Compare two locks of these packages."""
    return compare(operand(old), operand(new))
