"""A pin says what the lock holds, in the form that both managers read so, and changes nothing else of its entry."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from rattler import MatchSpec

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.channels.records import record_of
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.pin import Left, Pins
from conda_lockstep.packages import Package, PackageSet

REAL = (
    "ZaberKo__conda-envs__base_3_11.yaml",
    "conda__conda-lock__tests-test-cuda-environment.yaml",
    "conda__conda-lock__tests-test-environment-blas-mkl-environment.yml",
    "pangeo-data__pangeo-docker-images__forge-environment.yml",
    "pangeo-data__pangeo-docker-images__pytorch-notebook-environment.yml",
)
BUILD = "cuda126_py311h64a7726_300"


def conda(name: str, version: str, build: str = BUILD) -> Package:
    channel = "https://conda.anaconda.org/conda-forge"
    url = f"{channel}/linux-64/{name}-{version}-{build}.conda"
    return Package("conda", name, version, build, "linux-64", channel, url, depends=("python",))


def pip(name: str, version: str) -> Package:
    return Package("pip", name, version, url=f"https://files.pythonhosted.org/{name}-{version}.whl")


def pinned(
    entry: str, *held: Package, precision: str = "minor", manager: str = "conda", quoted: bool = False
):
    """Return an entry pinned to what is held, or why it is not; None where nothing is to be done."""
    listed = f"  - {entry}\n" if manager == "conda" else f"  - pip:\n    - {entry}\n"
    file = parse(f"channels: [conda-forge]\ndependencies:\n{listed}", "environment.yml")
    entries, pins = read_entries(file), Pins({"linux-64": PackageSet.of(held)})
    given = pins.conda(entries.conda[0], precision) if manager == "conda" else pins.pip(entries.pip[0])
    if not isinstance(given, Edit):
        return given
    after = read_entries(parse(edit.apply(file.source, [given]), "environment.yml"))
    again = pins.conda(after.conda[0], precision) if manager == "conda" else pins.pip(after.pip[0])
    assert again is None
    return (after.conda[0] if manager == "conda" else after.pip[0]).item.value


@pytest.mark.parametrize(
    ("entry", "version", "minor", "patch", "build"),
    [
        ("numpy", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("NumPy", "1.26.4", "NumPy=1.26", "NumPy=1.26.4", f"NumPy=1.26.4={BUILD}"),
        ("numpy >=1.20,<2", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("numpy 1.26.*", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("numpy==1.26.4", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("'numpy>=1.20'", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("tzdata", "2024a", "tzdata=2024a", "tzdata=2024a", f"tzdata=2024a={BUILD}"),
        ("jpeg", "9e", "jpeg=9e", "jpeg=9e", f"jpeg=9e={BUILD}"),
        ("openssl", "1.1.1w", "openssl=1.1", "openssl=1.1.1w", f"openssl=1.1.1w={BUILD}"),
        ("torch", "2.1.0+cu118", "torch=2.1", "torch=2.1.0", f"torch=2.1.0+cu118={BUILD}"),
        ("x", "1!2.0.3", "x=1!2.0", "x=1!2.0.3", f"x=1!2.0.3={BUILD}"),
        ("x", "2.0rc1", "x=2.0rc1", "x=2.0rc1", f"x=2.0rc1={BUILD}"),
        ("x", "4.66.5.1", "x=4.66", "x=4.66.5", f"x=4.66.5.1={BUILD}"),
        ("x", "2023.10.0_1", "x=2023.10", "x=2023.10.0_1", f"x=2023.10.0_1={BUILD}"),
        ("conda-forge::tqdm", "4.66.5", "conda-forge::tqdm=4.66", "conda-forge::tqdm=4.66.5", None),
        ("pytorch=2.*=*cuda*", "2.4.1", "pytorch=2.4.*=*cuda*", "pytorch=2.4.1.*=*cuda*", f"pytorch=2.4.1={BUILD}"),
        ("pytorch=*=*cuda*", "2.4.1", "pytorch=2.4.*=*cuda*", "pytorch=2.4.1.*=*cuda*", f"pytorch=2.4.1={BUILD}"),
        ("pytorch * *cuda*", "2.4.1", "pytorch=2.4.*=*cuda*", "pytorch=2.4.1.*=*cuda*", f"pytorch=2.4.1={BUILD}"),
        ("pytorch[build='*cuda*']", "2.4.1", "pytorch=2.4.*[build='*cuda*']", "pytorch=2.4.1.*[build='*cuda*']", None),
        ("numpy=1.26.3=py311_0", "1.26.4", "numpy=1.26", "numpy=1.26.4", f"numpy=1.26.4={BUILD}"),
        ("x", "12", "x=12", "x=12", f"x=12={BUILD}"),
    ],
)  # fmt: skip
def test_a_conda_pin_lets_in_what_is_locked(entry, version, minor, patch, build):
    name = re.split(r"[^\w-]", entry.strip("'").rpartition("::")[2])[0].lower()
    held = conda(name, version)
    for precision, expected in (("minor", minor), ("patch", patch), ("build", build)):
        if expected is not None:
            found = pinned(entry, held, precision=precision)
            assert found == expected
            assert MatchSpec(found.rpartition("::")[2]).matches(record_of(held))


@pytest.mark.parametrize(
    ("entry", "version", "expected"),
    [
        ("wandb", "0.17.0", "wandb==0.17.0"),
        ("Wandb>=0.16", "0.17.0", "Wandb==0.17.0"),
        ("ruamel.yaml", "0.18.6", "ruamel.yaml==0.18.6"),
        ("wandb >= 0.16, < 1  # charts", "0.17.0", "wandb ==0.17.0"),
        ("\"wandb~=0.16; python_version < '3.13'\"", "0.17.0", "wandb==0.17.0; python_version < '3.13'"),
        ("wandb[media]", "0.17.0", "wandb[media]==0.17.0"),
        ("wandb [media, aws] >=0.1", "0.17.0", "wandb [media, aws] ==0.17.0"),
        ("wandb (>=0.1)", "0.17.0", "wandb (==0.17.0)"),
        ("torch>=2", "2.1.0+cu118", "torch==2.1.0+cu118"),
    ],
)
def test_a_pip_pin_is_the_version_that_is_locked(entry, version, expected):
    name = re.split(r"[^\w.-]", entry.strip("'\""))[0]
    found = pinned(entry, pip(name.lower().replace(".", "-"), version), manager="pip")
    assert found == expected
    assert Requirement(found.replace("(", "").replace(")", "")).specifier.contains(version, prereleases=True)


def test_a_pip_entry_that_conda_holds_is_pinned_to_that():
    assert pinned("numpy>=1", conda("numpy", "1.26.4"), manager="pip") == "numpy==1.26.4"
    assert pinned("torch", conda("pytorch", "2.4.1"), manager="pip") == "torch==2.4.1"
    assert isinstance(pinned("numpy", conda("numpy", "1.26_4"), manager="pip"), Left)


@pytest.mark.parametrize(
    ("entry", "manager"),
    [
        ("numpy=1.26", "conda"),
        ("__cuda", "conda"),
        ("https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-0.conda", "conda"),
        ("wandb==0.17.0", "pip"),
        ("git+https://github.com/example/kernels", "pip"),
        ("-e .", "pip"),
        ("./wheels/x.whl", "pip"),
    ],
)
def test_what_is_pinned_or_no_package_stays(entry, manager):
    assert pinned(entry, conda("numpy", "1.26.4"), pip("wandb", "0.17.0"), manager=manager) is None


@pytest.mark.parametrize(
    ("entry", "manager", "why"),
    [
        ("scipy", "conda", "it is not in the lock for linux-64"),
        ("numpy[version='>=1']", "conda", "what a pin would change stands in its brackets"),
        ('"num\\u0070y"', "conda", "its text is not in the file as it is read"),
        ("tqdm", "pip", "it is not in the lock for linux-64"),
        ("tqdm; sys_platform == 'win32'", "pip", "it is not in the lock for linux-64"),
        (f"wandb --hash=sha256:{'0' * 64}", "pip", "its hash is that of another version"),
    ],
)
def test_what_cannot_be_pinned_is_left_and_told_why(entry, manager, why):
    held = (conda("numpy", "1.26.4"), pip("wandb", "0.17.0"))
    assert pinned(entry, *held, manager=manager) == Left(why)


def test_platforms_that_disagree_leave_the_entry():
    file = parse(
        "dependencies:\n  - numpy\n  - pip:\n    - wandb\n    - tqdm; sys_platform == 'darwin'\n", "e.yml"
    )
    entries = read_entries(file)
    linux = PackageSet.of([conda("numpy", "1.26.4"), pip("wandb", "0.17.0")])
    mac = PackageSet.of([conda("numpy", "1.26.5"), pip("wandb", "0.17.1"), pip("tqdm", "4.0")])
    pins = Pins({"linux-64": linux, "osx-arm64": mac})
    assert isinstance(pins.conda(entries.conda[0], "minor"), Edit)
    told = "the platforms disagree: linux-64 has '=1.26.4', osx-arm64 has '=1.26.5'"
    assert pins.conda(entries.conda[0], "patch") == Left(told)
    told = "the platforms disagree: linux-64 has '==0.17.0', osx-arm64 has '==0.17.1'"
    assert pins.pip(entries.pip[0]) == Left(told)
    assert isinstance(pins.pip(entries.pip[1]), Edit)
    alone = Pins({"linux-64": linux, "osx-arm64": PackageSet()})
    assert alone.conda(entries.conda[0], "minor") == Left("it is not in the lock for osx-arm64")
    assert Pins({}).conda(entries.conda[0], "minor") == Left("it is not in the lock for any platform")


@pytest.mark.parametrize("name", REAL)
def test_a_pinned_file_still_fits_its_lock(corpus, locking, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "environment.yml"
    original = (corpus / "environments" / name).read_bytes()
    file.write_bytes(original)
    lock = locking(file, cuda="12.9")
    cep37.write(lock, tmp_path / "conda-lock.yml")
    for options in ((), ("--precision", "patch"), ("--precision", "build")):
        for scope in ((), ("--all",)):
            file.write_bytes(original)
            main(["pin", *options, *scope, "environment.yml"])
            once = file.read_bytes()
            assert is_satisfied(read(file), lock, mirrors=Mirrors({}, TRUSTED)) == []
            main(["pin", *options, *scope, "environment.yml"])
            assert file.read_bytes() == once
