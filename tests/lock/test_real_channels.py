"""Environment files of real repositories, solved from the real metadata of conda-forge, pytorch and nvidia."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.metadata import machine_of, needs_of
from conda_lockstep.lock.update.make import Settings, make_lock, solver_for
from tests.lock.peer import read_with_conda_lock

REAL = (
    "ZaberKo__conda-envs__base_3_11.yaml",
    "ZaberKo__conda-envs__base_basic_3_10.yaml",
    "conda-incubator__setup-miniconda__etc-example-environment-explicit.yml",
    "conda__conda-lock__example-pangeo-environment.yml",
    "conda__conda-lock__tests-test-cuda-environment.yaml",
    "conda__conda-lock__tests-test-environment-blas-mkl-environment.yml",
    "conda__rattler__test-data-python-environment.yml",
    "mamba-org__mamba__mamba-tests-test_env.yml",
    "pangeo-data__pangeo-docker-images__environment-condalock.yml",
    "pangeo-data__pangeo-docker-images__forge-environment.yml",
    "pangeo-data__pangeo-docker-images__ml-notebook-environment.yml",
    "pangeo-data__pangeo-docker-images__pytorch-notebook-environment.yml",
    "prefix-dev__pixi__examples-readthedocs-extend-docs-environment.yml",
)
JARGON = "viable options|no candidates|excluded because|would require|would constrain|reported|127.0.0.1"
"""The solver's own terms, and the mirror's address: neither is for a reader."""
GPU = {
    "pangeo-data__pangeo-docker-images__ml-notebook-environment.yml": ("tensorflow", "jaxlib"),
    "pangeo-data__pangeo-docker-images__pytorch-notebook-environment.yml": ("pytorch", "torchvision"),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_environment_is_locked_the_same_from_any_folder_in_any_order(corpus, locking, tmp_path, name):
    original = corpus / "environments" / name
    texts = []
    for folder, shuffle in ((tmp_path / "one", False), (tmp_path / "two" / "deep", True)):
        folder.mkdir(parents=True)
        file = folder / "environment.yml"
        shutil.copyfile(original, file)
        if shuffle:
            file.write_text(_shuffled(original.read_text()))
        lock = locking(file, cuda="12.9")
        cep37.write(lock, folder / "conda-lock.yml")
        texts.append((folder / "conda-lock.yml").read_bytes())
    assert texts[0] == texts[1]
    assert b"127.0.0.1" not in texts[0]
    ours = lock.platforms["linux-64"]
    theirs = read_with_conda_lock(tmp_path / "one" / "conda-lock.yml")
    assert {(item.name, item.version, item.url) for item in theirs} == {
        (package.name, package.version, package.url) for package in ours.values()
    }
    for framework in GPU.get(name, ()):
        assert "cuda12" in ours["conda", framework].build
        assert "__cuda" in needs_of(lock, "linux-64")


def _shuffled(text: str) -> str:
    """Shuffle the lines of the dependencies, and add a comment; a nested pip list stays where it is."""
    head, key, tail = text.partition("dependencies:")
    lines = tail.splitlines()
    entries = [line for line in lines if line.lstrip().startswith("- ")]
    others = [
        line
        for line in lines
        if not line.lstrip().startswith("- ") and line.strip() and not line.lstrip().startswith("#")
    ]
    if any("pip:" in line for line in entries) or others:
        return f"# a comment\n{text}"
    random.Random(7).shuffle(entries)
    return f"# a comment\n{head}{key}\n" + "\n".join(entries) + "\n"


def test_one_lock_holds_every_platform(locking):
    platforms = ("osx-arm64", "linux-64", "linux-aarch64", "win-64")
    lock = locking(
        "channels: [conda-forge]\ndependencies: [python=3.12, zlib]\n", platforms=platforms, cuda="12.4"
    )
    assert set(lock.platforms) == set(platforms)
    for platform, packages in lock.platforms.items():
        assert {package.subdir for package in packages.values()} <= {platform, "noarch"}
        has_cuda = any(fact.name == "__cuda" for fact in machine_of(lock, platform))
        assert has_cuda == (platform != "osx-arm64")


def test_a_gpu_build_is_locked_on_a_machine_without_gpu(locking):
    text = "channels: [conda-forge]\ndependencies: [python=3.12, 'pytorch=2.*=cuda*']\n"
    lock = locking(text, cuda="12.9")
    assert "cuda" in lock.platforms["linux-64"]["conda", "pytorch"].build


def test_the_solving_machine_is_not_in_the_lock(locking, monkeypatch):
    text = "channels: [conda-forge]\ndependencies: [python=3.12, numpy]\n"
    before = cep37.render(locking(text))
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "2.40")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "13.0")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert cep37.render(locking(text)) == before


def test_two_spellings_of_one_wish_are_one_lock(locking):
    one = "channels: [conda-forge]\ndependencies: [python=3.12, 'numpy >=1.26,<3', 'conda-forge::scipy']\n"
    two = (
        "channels: ['https://conda.anaconda.org/conda-forge/']\n"
        "dependencies: ['numpy>=1.26, <3', NumPy, 'scipy[channel=conda-forge]', 'python =3.12']\n"
    )
    assert cep37.render(locking(one)) == cep37.render(locking(two))


def test_a_channel_of_one_entry_is_asked_and_named_in_the_urls(locking):
    text = "channels: [conda-forge]\ndependencies: ['pytorch::pytorch=2.4', python=3.12]\n"
    packages = locking(text, cuda="12.4").platforms["linux-64"]
    assert packages["conda", "pytorch"].url.startswith("https://conda.anaconda.org/pytorch/linux-64/")
    assert packages["conda", "python"].channel == "https://conda.anaconda.org/conda-forge"


def test_channel_priority_is_strict(locking):
    text = "channels: [pytorch, conda-forge]\ndependencies: [pytorch=2.4, python=3.12]\n"
    assert (
        locking(text).platforms["linux-64"]["conda", "pytorch"].channel
        == "https://conda.anaconda.org/pytorch"
    )


def test_a_file_without_pip_list_asks_for_no_pip(locking):
    packages = locking("channels: [conda-forge]\ndependencies: [zlib]\n").platforms["linux-64"]
    assert ("conda", "pip") not in packages


def test_an_old_lock_is_no_part_of_a_new_one(locking, tmp_path):
    text = "channels: [conda-forge]\ndependencies: [zlib]\n"
    first = cep37.render(locking(text))
    Path(tmp_path / "conda-lock.yml").write_text("no lock at all")
    assert cep37.render(locking(text)) == first


def test_every_environment_file_is_locked_or_refused_in_one_line(corpus, anaconda, index_cache):
    """Pip entries find an empty index, and channels that are not in the corpus are not found, each in one line.

    Of the files that people keep, every third; of those that are odd, each.
    """
    mirrors = Mirrors(
        {"https://conda.anaconda.org": anaconda, "https://repo.anaconda.com": f"{anaconda}/none"}, TRUSTED
    )
    settings = Settings(
        ("linux-64",), cuda="12.9", mirrors=mirrors, index=f"{anaconda}/none", cache=index_cache, seconds=10
    )
    solver = solver_for(settings)
    locked = 0
    kept, odd = (sorted((corpus / folder).rglob("*.y*ml")) for folder in ("environments", "odd"))
    for path in (*kept[::3], *odd):
        try:
            make_lock(read(path, shown_as=path.name), settings, solver)
            locked += 1
        except LockstepError as error:
            assert "\n" not in str(error)
            assert error.where is not None, error
            assert "127.0.0.1" not in str(error).partition(" (fetched from")[0], error
            assert not re.search(JARGON, "\n".join(error.detail)), error.detail
    assert locked >= 10
