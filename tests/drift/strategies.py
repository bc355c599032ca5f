"""Package sets for property tests: few names, so that sets meet, and every field that drift compares."""

from __future__ import annotations

from hypothesis import strategies as st

from conda_lockstep.packages import Package, PackageSet

NAMES = st.sampled_from(
    [
        "python",
        "numpy",
        "pytorch",
        "torch",
        "nccl",
        "nvidia-nccl-cu11",
        "nvidia-nccl-cu12",
        "faiss",
        "faiss-gpu",
        "faiss-cpu",
        "importlib_metadata",
        "importlib-metadata",
        "tqdm",
        "cuda-version",
        "python_abi",
        "opencv",
    ]
)
VERSIONS = st.sampled_from(
    ["1.0", "1.0.0", "1.1", "2.0", "2.0rc1", "2.4.0+cu121", "2.4.0+cpu", "2025.1", "12.9"]
)
BUILDS = st.sampled_from(
    ["", "cuda126_py312h1234567_0", "cpu_py312h1234567_0", "h1234567_0", "mpi_mpich_h1_0", "nompi_h1_0"]
)
CHANNELS = st.sampled_from(
    [
        "https://conda.anaconda.org/conda-forge",
        "https://repo.anaconda.com/pkgs/main",
        "https://mirror.example/conda-forge",
    ]
)
HASHES = st.sampled_from(["", "a" * 64, "b" * 64])
MD5S = st.sampled_from(["", "c" * 32, "d" * 32])
SPECS = st.lists(
    st.sampled_from(
        [
            "python >=3.9",
            "numpy",
            "nccl",
            "__glibc >=2.17,<3.0.a0",
            "__glibc >=2.28",
            "__cuda",
            "cuda-version >=12.6,<13",
        ]
    ),
    max_size=3,
    unique=True,
).map(tuple)
PIP_URLS = st.sampled_from(
    [
        "",
        "https://files.pythonhosted.org/x/a-1.0-py3-none-any.whl",
        "https://files.pythonhosted.org/x/a-1.0.tar.gz",
    ]
)
GIT_URLS = st.sampled_from([f"git+https://example.org/a@{digit * 40}" for digit in "ab"])


@st.composite
def conda_packages(draw: st.DrawFn) -> Package:
    name, version, build = draw(NAMES), draw(VERSIONS), draw(BUILDS)
    channel = draw(CHANNELS)
    archive = draw(st.sampled_from([".conda", ".tar.bz2"]))
    url = draw(st.sampled_from(["", f"{channel}/linux-64/{name}-{version}-{build}{archive}"]))
    return Package(
        "conda",
        name,
        version,
        build,
        "linux-64",
        channel,
        url,
        draw(HASHES),
        draw(MD5S),
        depends=draw(SPECS),
        constrains=draw(SPECS),
    )


@st.composite
def pip_packages(draw: st.DrawFn) -> Package:
    name = draw(NAMES).replace("_", "-")
    return Package(
        "pip", name, draw(VERSIONS), url=draw(PIP_URLS | GIT_URLS), sha256=draw(HASHES), depends=draw(SPECS)
    )


package_sets = st.lists(conda_packages() | pip_packages(), max_size=14).map(PackageSet.of)
