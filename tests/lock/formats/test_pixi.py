"""pixi.lock of every version is read as rattler reads it, without rattler."""

from __future__ import annotations

from pathlib import Path

import pytest
from rattler import LockFile, LockPlatform, Subdir
from rattler.lock import PypiLockedPackage
from tests.support.corpus import find_corpus
from tests.support.lock_pairs import LockFiles

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import pixi
from conda_lockstep.packages import Package

V6 = """\
version: 6
environments:
  default:
    channels:
    - url: https://user:secret@host.example/t/tk-1/conda-forge/
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/noarch/a-1.10-pyh0_0.conda
      - pypi: https://files.pythonhosted.org/x/b_c-2.0-py3-none-any.whl
      - pypi: ./local
  gpu:
    channels: []
    packages:
      linux-64: []
packages:
- conda: https://conda.anaconda.org/conda-forge/noarch/a-1.10-pyh0_0.conda
  sha256: 1111111111111111111111111111111111111111111111111111111111111111
  md5: 22222222222222222222222222222222
  depends:
  - python >=3.9
  constrains:
  - __glibc >=2.17
  size: 123
  timestamp: 1714723303098
- pypi: https://files.pythonhosted.org/x/b_c-2.0-py3-none-any.whl
  name: b-c
  version: '2.0'
  sha256: 3333333333333333333333333333333333333333333333333333333333333333
  requires_dist:
  - a>=1
- pypi: ./local
  name: local
  sha256: 4444444444444444444444444444444444444444444444444444444444444444
"""


def is_local(location: str) -> bool:
    return "://" not in location and not location.endswith(".whl")


def ours(package: Package) -> tuple[str, ...]:
    version = "" if package.manager == "pip" and is_local(package.url) else package.version
    return package.manager, package.name, version, package.build, package.sha256, package.md5


def theirs(package: object) -> tuple[str, ...] | None:
    if isinstance(package, PypiLockedPackage):
        try:
            sha256 = package.hashes.sha256.hex()
        except AttributeError:  # a package without a hash has no such attribute
            sha256 = ""
        version = "" if is_local(package.location) else str(package.version)
        return "pip", package.name, version, "", sha256, ""
    record = package.package_record
    if record is None:  # to be built from source: rattler has no record of it
        return None
    md5 = record.md5.hex() if record.md5 else ""
    return (
        "conda",
        record.name.source,
        str(record.version),
        str(record.build),
        record.sha256.hex() if record.sha256 else "",
        md5,
    )


def test_every_environment_of_every_real_file_holds_what_rattler_finds_in_it(lock_files: LockFiles) -> None:
    compared = 0
    files = lock_files("pixi.lock", "pixi/*", "pairs/*/*/pixi.lock")
    for path in (path for path in files if path.suffix != ".toml" and not path.name.startswith("v1000")):
        for name, environment in LockFile.from_path(path).environments():
            platforms = pixi.read(path, name).platforms
            assert sorted(platforms) == sorted(map(str, environment.platforms()))
            for platform in environment.platforms():
                expected = {theirs(package) for package in environment.packages(platform)} - {None}
                found = {
                    ours(package)
                    for package in platforms[str(platform)].values()
                    if package.version or package.manager == "pip"
                }
                assert found == expected, (path.name, name, str(platform))
                compared += len(found)
    assert compared > (5000 if find_corpus() else 300)


def test_what_is_written_is_read_field_by_field() -> None:
    lock = pixi.parse(V6, "pixi.lock")
    assert (lock.source_format, lock.complete) == ("pixi", True)
    assert lock.channels == ("https://host.example/conda-forge/",)
    forge = "https://conda.anaconda.org/conda-forge"
    assert list(lock.platforms["linux-64"].values()) == [
        Package(
            "conda",
            "a",
            "1.10",
            "pyh0_0",
            "noarch",
            forge,
            f"{forge}/noarch/a-1.10-pyh0_0.conda",
            sha256="1" * 64,
            md5="2" * 32,
            size=123,
            timestamp=1714723303,
            depends=("python >=3.9",),
            constrains=("__glibc >=2.17",),
        ),
        Package(
            "pip",
            "b-c",
            "2.0",
            url="https://files.pythonhosted.org/x/b_c-2.0-py3-none-any.whl",
            sha256="3" * 64,
            depends=("a>=1",),
        ),
        Package("pip", "local", "", url="./local"),  # the hash of a folder is no hash of a file
    ]


def test_an_environment_is_chosen_by_name() -> None:
    with pytest.raises(LockstepError, match="environment 'gpu' has no packages"):
        pixi.parse(V6, "pixi.lock", "gpu")
    with pytest.raises(LockstepError, match="has no environment 'cuda'; it has: default, gpu"):
        pixi.parse(V6, "pixi.lock", "cuda")


def test_a_platform_with_a_name_of_its_own_is_known_by_its_subdir(tmp_path: Path) -> None:
    """Version 7 names platforms freely; rattler writes the file."""
    platforms = [LockPlatform("gpu-node", Subdir("linux-64"), ["__cuda=12"]), LockPlatform("osx-arm64")]
    file = LockFile(platforms)
    file.set_channels("default", [])
    for platform in platforms:
        file.add_pypi_package("default", platform, "a", "1.0", "https://example.org/a-1.0-py3-none-any.whl")
    file.to_path(tmp_path / "pixi.lock")
    assert "version: 7" in (tmp_path / "pixi.lock").read_text()
    assert sorted(pixi.read(tmp_path / "pixi.lock").platforms) == ["linux-64", "osx-arm64"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "pixi.lock version unknown is not known"),
        ("version: 8\n", "pixi.lock version 8 is not known, only 1 to 7; update conda-lockstep"),
        ("version: [6]\n", "pixi.lock version unknown is not known"),
        ("- 1\n", "a pixi.lock must be a mapping"),
        ("version: 6\nenvironments: []\n", "environments must be a mapping"),
        ("version: 6\nenvironments:\n  default:\n    packages: 7\n", "packages must be a mapping"),
        (
            V6.replace("- pypi: ./local\n  name", "- pypi: ./elsewhere\n  name"),
            "lists './local', which is described nowhere",
        ),
        ("version: 6\na: [\n", "pixi.lock:3:1: not YAML"),
        ("version: 6\na: " + "[" * 200_000, "nested more than 100 levels deep"),
        ("version:\n" + "- " * 1000, "nested more than 100 levels deep"),
        ("version: 6\n\x00", "U+0000 is not allowed in YAML"),
        ("a: &a [x]\nversion: *b\n", "not YAML: found undefined alias"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(LockstepError) as caught:
        pixi.parse(text, "pixi.lock")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_cannot_multiply_packages() -> None:
    many = "[" + ", ".join(["*p"] * 20_000) + "]"
    platforms = "".join(f"      p{n}: *all\n" for n in range(100))
    text = (
        "version: 6\np: &p {conda: https://x/noarch/a-1-0.conda}\n"
        f"all: &all {many}\nenvironments:\n  default:\n    packages:\n{platforms}packages:\n- *p\n"
    )
    with pytest.raises(LockstepError, match="aliases expand to more than 100,000 values"):
        pixi.parse(text, "pixi.lock")


CONDA_LOCK = """\
version: 1
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge
    packages:
      linux-64:
      - conda:
          https://conda.anaconda.org/conda-forge/noarch/a-1.10-pyh0_0.conda
  test:
    channels:
    - url: https://conda.anaconda.org/conda-forge
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/b-2.0-h1_0.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/noarch/a-1.10-pyh0_0.conda
  sha256: 1111111111111111111111111111111111111111111111111111111111111111
  depends:
  - python >=3.9
- conda: https://conda.anaconda.org/conda-forge/linux-64/b-2.0-h1_0.conda
  sha256: 2222222222222222222222222222222222222222222222222222222222222222
"""
"""As conda-workspaces 0.12 writes it: version 6 of rattler's format under another number."""


def test_the_lock_of_conda_workspaces_is_read() -> None:
    lock = pixi.parse(CONDA_LOCK, "conda.lock")
    (package,) = lock.platforms["linux-64"].values()
    assert (package.name, package.version, package.build, package.subdir) == ("a", "1.10", "pyh0_0", "noarch")
    assert (package.sha256, package.depends) == ("1" * 64, ("python >=3.9",))
    assert lock.channels == ("https://conda.anaconda.org/conda-forge",)
    (other,) = pixi.parse(CONDA_LOCK, "conda.lock", "test").platforms["linux-64"].values()
    assert (other.name, other.version) == ("b", "2.0")


def test_the_environments_that_are_not_read_are_named() -> None:
    assert pixi.parse(CONDA_LOCK, "conda.lock").notices == (
        "only environment 'default' was read, --environment selects another: test",
    )
    alone = CONDA_LOCK.replace(
        CONDA_LOCK[CONDA_LOCK.index("  test:") : CONDA_LOCK.index("packages:\n- conda")], ""
    )
    assert pixi.parse(alone, "conda.lock").notices == ()


@pytest.mark.parametrize(
    "text",
    [
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages: {}\npackages: []\n",
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64: []\npackages: []\n",
        "version: 1\nmetadata:\n  channels: []\n  platforms: [linux-64]\npackage: []\n",
    ],
)
def test_a_lock_without_packages_is_refused(text: str) -> None:
    with pytest.raises(LockstepError, match="environment 'default' has no packages; lock it again"):
        pixi.parse(text, "pixi.lock")
