"""Generated packages and locks, traps of YAML among them."""

from __future__ import annotations

from hypothesis import strategies as st

from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

NAMES = st.sampled_from(
    ["numpy", "_libgcc_mutex", "ruamel.yaml", "libstdcxx-ng", "yes", "null", "on", "_0", "zlib"]
)
VERSIONS = st.sampled_from(
    ["1.10", "1e5", "2024.1", "0x10", "1!2.0", "1:30", "3.0.0rc1", "1.0+cu118", "no", "it's"]
)
BUILDS = st.sampled_from(["0", "1", "1e5", "py312_0", "hab00c5b_0_cpython", "cuda129_mkl_py312_h2ff76c1_300"])
CONSTRAINTS = st.sampled_from(
    ["", ">=1.10", "1.10", "3.12.*", ">=1,<2", "0.1 conda_forge", "=1.2", "1.2|1.3", "*"]
)
SPECIFIERS = st.sampled_from(["", ">=1.10", "==1.10", "~=3.1", ">=1,<2,!=1.5"])
PLATFORMS = st.sampled_from(["linux-64", "linux-aarch64", "osx-arm64", "win-64"])
MD5 = st.sampled_from(["0" * 32, "12e" + "4" * 29, "d7c89558ba9fa0495403155b64376d81"])
SHA256 = st.sampled_from(["1" * 64, "12e" + "4" * 61, "fe" * 32])


@st.composite
def conda_packages(draw: st.DrawFn) -> Package:
    name, version, build = draw(NAMES), draw(VERSIONS), draw(BUILDS)
    subdir = draw(PLATFORMS | st.just("noarch"))
    channel = draw(st.sampled_from(["https://conda.anaconda.org/conda-forge", "file:///srv/a b/chan#nel"]))
    url = f"{channel}/{subdir}/{name}-{version}-{build}.conda"
    return Package(
        "conda", name, version, build, subdir, channel, url, draw(SHA256), draw(MD5 | st.just("")),
        depends=draw(_depends(CONSTRAINTS)),
    )  # fmt: skip


@st.composite
def pip_packages(draw: st.DrawFn) -> Package:
    name, version = draw(NAMES), draw(VERSIONS)
    url = f"https://files.pythonhosted.org/packages/{name}-{version}-py3-none-any.whl"
    return Package("pip", name, version, url=url, sha256=draw(SHA256), depends=draw(_depends(SPECIFIERS)))


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    packages = st.lists(conda_packages() | pip_packages(), max_size=5).map(PackageSet.of)
    return Lock(
        platforms=draw(st.dictionaries(PLATFORMS, packages, min_size=1, max_size=3)),
        channels=tuple(
            draw(st.lists(st.sampled_from(["conda-forge", "pytorch", "file:///tmp/x"]), unique=True))
        ),
        sources=tuple(draw(st.lists(st.sampled_from(["environment.yml", "on", "é/a b.yml"]), unique=True))),
        metadata=draw(st.dictionaries(NAMES, VERSIONS, max_size=3)),
    )


@st.composite
def _depends(draw: st.DrawFn, constraints: st.SearchStrategy[str]) -> tuple[str, ...]:
    pairs = draw(st.lists(st.tuples(NAMES, constraints), max_size=3))
    return tuple(f"{name} {constraint}".strip() for name, constraint in pairs)
