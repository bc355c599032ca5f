"""Export → import → export is the identity, for each format that both know; what one cannot hold is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from tests.lock.conftest import Locking, anaconda, index_cache, locking, locking_all, solver
from tests.lock.peer import read_with_conda_lock

__all__ = ["anaconda", "index_cache", "locking", "locking_all", "solver"]

TRAINING = (
    "channels: [conda-forge]\ndependencies: [python=3.12, pytorch=2.*=*cuda*, cuda-version=12.6, pip]\n"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a lock in it, and the command line."""

    lock: Lock
    capsys: pytest.CaptureFixture[str]

    def export(self, name: str, source: str, to: str) -> tuple[str, str]:
        """Return the text of an export, and what was said to be lost."""
        assert main(["export", source, "--format", name, "--output", to]) == 0
        return Path(to).read_text(), self.capsys.readouterr().err

    def read(self, source: str, *options: str) -> tuple[str, str]:
        """Return the text of the lock that an import writes, and what was said to be lost."""
        assert main(["import", source, "--output", "again.conda-lock.yml", *options]) == 0
        return Path("again.conda-lock.yml").read_text(), self.capsys.readouterr().err

    def round_trip(self, name: str, *options: str) -> None:
        """Hold that the second export is the first, and the lock between them is the lock."""
        first, _ = self.export(name, "conda-lock.yml", f"first.{name}")
        again, _ = self.read(f"first.{name}", *options)
        second, _ = self.export(name, "again.conda-lock.yml", f"second.{name}")
        assert second == first
        assert packages_of(again) == packages_of(Path("conda-lock.yml").read_text())


def packages_of(text: str) -> str:
    return text.partition("\npackage:\n")[2]


@pytest.fixture
def cuda(
    locking: Locking,
    anaconda: str,
    index_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """A PyTorch + CUDA environment, solved on the real metadata."""
    lock = locking(TRAINING, cuda="12.6")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    Path("lockstep.toml").write_text(f'[mirrors]\n"https://conda.anaconda.org" = "{anaconda}"\n')
    cep37.write(lock, Path("conda-lock.yml"))
    yield Desk(lock, capsys)


@pytest.fixture
def mixed(
    forged: Lock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """An environment of the forge with a pip part."""
    monkeypatch.chdir(tmp_path)
    cep37.write(forged, Path("conda-lock.yml"))
    return Desk(forged, capsys)


def test_explicit_with_what_the_channels_know(cuda: Desk) -> None:
    cuda.round_trip("explicit", "--fill", "--platform", "linux-64")
    assert len(read_with_conda_lock(Path("again.conda-lock.yml"))) == len(cuda.lock.platforms["linux-64"])


def test_explicit_offline_is_the_same_file_and_says_what_it_does_not_know(cuda: Desk) -> None:
    first, _ = cuda.export("explicit", "conda-lock.yml", "first.txt")
    _, said = cuda.read("first.txt")
    second, _ = cuda.export("explicit", "again.conda-lock.yml", "second.txt")
    assert second == first
    assert "first.txt: what each package depends on is not known; --fill asks the channels" in said
    assert re.search(
        r"first\.txt: \d+ conda packages have no md5, which conda-lock wants .*: --fill asks the", said
    )


def test_pixi(cuda: Desk) -> None:
    cuda.round_trip("pixi")


def test_an_environment_file_with_builds(cuda: Desk) -> None:
    cuda.round_trip("environment", "--platform", "linux-64")


def test_pip_parts_survive_in_explicit_and_pixi(mixed: Desk) -> None:
    mixed.round_trip("pixi")
    first, said = mixed.export("explicit", "conda-lock.yml", "first.txt")
    assert (
        "7 pip packages are in it as comments, which conda-lock and micromamba install and conda does not"
        in said
    )
    again, _ = mixed.read("first.txt")
    pip = mixed.lock.platforms.popitem()[1].only("pip").values()
    assert [line for line in first.splitlines() if line.startswith("# pip")]
    for package in pip:
        assert f"  url: {package.url}\n" in again
    second, _ = mixed.export("explicit", "again.conda-lock.yml", "second.txt")
    assert second == first


def test_an_environment_file_with_a_pip_part(mixed: Desk) -> None:
    """pip's part by version, of which the index has the files."""
    ((platform, packages),) = mixed.lock.platforms.items()
    index = packages["pip", "humanize"].url.partition("/files/")[0]
    Path("lockstep.toml").write_text(f'pypi-index = "{index}/simple"\n')
    mixed.round_trip("environment", "--platform", platform)


@pytest.mark.parametrize(
    "name", ["requirements", "pylock", "manifest", "cyclonedx", "dockerfile", "kubernetes"]
)
def test_what_is_written_for_others_alone_is_refused_in_one_line(mixed: Desk, name: str) -> None:
    image = ["--image", f"base@sha256:{'0' * 64}"] if name in ("dockerfile", "kubernetes") else []
    assert main(["export", "conda-lock.yml", "--format", name, "--output", "out", *image]) == 0
    mixed.capsys.readouterr()
    assert main(["import", "out"]) == 2
    said = mixed.capsys.readouterr().err
    assert said.startswith("lockstep: out: is no lock, and no environment file; name a conda-lock file, ")
    assert said.count("\n") == 1


def test_our_own_lock_is_imported_as_it_is(cuda: Desk) -> None:
    again, said = cuda.read("conda-lock.yml")
    assert again == Path("conda-lock.yml").read_text()
    assert said == ""
