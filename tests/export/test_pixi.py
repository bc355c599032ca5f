"""pixi.lock: rattler reads it, and would write it the same."""

from __future__ import annotations

from pathlib import Path

import yaml
from rattler import LockFile

from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.formats import cep37, pixi
from conda_lockstep.lock.formats import detect as formats
from conda_lockstep.lock.formats.canonical import canonical
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from tests.support.lock_pairs import LockFiles

REAL = (
    "conda-lock/01-ai__Yi__conda-lock.yml",
    "conda-lock/mamba-org__setup-micromamba__test-conda-lock.yml",
    "conda-lock/mamba-org__mamba__micromamba-tests-env_lockfiles-test-env-lock-pip-git-https.yaml",
    "pairs/conda-lock-root-pixi-step/new/pixi.lock",
)


def rewritten(text: str, folder: Path) -> str:
    """Return what rattler writes of a lock that it has read."""
    (folder / "pixi.lock").write_text(text)
    LockFile.from_path(folder / "pixi.lock").to_path(folder / "again.lock")
    return (folder / "again.lock").read_text()


def test_rattler_reads_it_and_writes_the_same(lock_files: LockFiles, tmp_path: Path) -> None:
    for number, path in enumerate(lock_files("conda-lock.yml", *REAL)):
        (tmp_path / str(number)).mkdir()
        _rattler_writes_the_same(path, tmp_path / str(number))


def _rattler_writes_the_same(path: Path, tmp_path: Path) -> None:
    name = path.name
    lock = cep37.parse(cep37.render(canonical(formats.read(path), name).lock), name)
    written = export("pixi", Subject(lock, name)).text
    again = rewritten(written, tmp_path)
    ours, theirs = (yaml.load(text, yaml.CBaseLoader) for text in (written, again))
    for entry in (*ours["packages"], *theirs["packages"]):
        # Of requirements, rattler has another order of clauses and other blanks than packaging.
        entry.pop("requires_dist", None)
    assert ours == theirs
    environment = LockFile.from_path(tmp_path / "pixi.lock").default_environment()
    assert environment is not None
    for platform in environment.platforms():
        found = {
            (
                record.name.normalized,
                str(record.version),
                str(record.build),
                record.url,
                (record.md5 or b"").hex(),
            )
            for record in environment.conda_repodata_records_for_platform(platform)
        }
        packages = lock.platforms[platform.name].only("conda").values()
        assert found == {(known.name, known.version, known.build, known.url, known.md5) for known in packages}


def test_the_text_is_rattlers_byte_for_byte(lock_files: LockFiles, tmp_path: Path) -> None:
    for path in lock_files("conda-lock.yml", "conda-lock/mamba-org__setup-micromamba__test-conda-lock.yml"):
        written = export("pixi", Subject(formats.read(path), path.name)).text
        assert rewritten(written, tmp_path) == written, path


def test_scalars_that_yaml_would_misread(tmp_path: Path) -> None:
    url = "https://conda.anaconda.org/conda-forge/linux-64/a-1.10-0.conda"
    traps = Package(
        "conda", "a", "1.10", "0", "linux-64", url.rpartition("/linux-64")[0], url, "12e" + "4" * 61, "1" * 32,
        depends=("yes", "python 3.12.*", "b =1.2", "* [x]", "c >=1 # d", "n: 1"),
    )  # fmt: skip
    pip = Package("pip", "on", "1e5", url="https://example.org/on-1e5-py3-none-any.whl", sha256="0" * 64)
    lock = Lock({"linux-64": PackageSet.of([traps, pip])}, ("conda-forge",))
    written = export("pixi", Subject(lock, "x")).text
    assert pixi.parse(written, "x").platforms == lock.platforms
    loaded = yaml.safe_load(written)
    assert loaded["packages"][0]["depends"] == list(traps.depends)
    assert (loaded["packages"][0]["sha256"], loaded["packages"][0]["md5"]) == (traps.sha256, traps.md5)
    assert (loaded["packages"][1]["name"], loaded["packages"][1]["version"]) == ("on", "1e5")


def test_the_machine_goes_with_it(tmp_path: Path) -> None:
    package = Package(
        "conda", "a", "1", "0", "linux-64", "c", "https://example.org/c/linux-64/a-1-0.conda", "1" * 64
    )
    machine = "__archspec=1=x86_64 __cuda=12.6 __glibc=2.28"
    lock = Lock({"linux-64": PackageSet.of([package])}, metadata={"linux-64.machine": machine})
    written = export("pixi", Subject(lock, "x")).text
    assert rewritten(written, tmp_path) == written
    assert pixi.parse(written, "x").metadata == {"linux-64.machine": machine}


def test_a_lock_of_nothing(tmp_path: Path) -> None:
    written = export("pixi", Subject(Lock({"linux-64": PackageSet()}), "x")).text
    assert rewritten(written, tmp_path) == written
