"""A file and its locks find each other by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.lock.model.paths import environment_of, is_lock, lock_path, locks_of


@pytest.mark.parametrize(
    ("files", "lock", "environment"),
    [
        (["environment.yml"], "conda-lock.yml", "environment.yml"),
        (["environment.yaml"], "conda-lock.yml", "environment.yaml"),
        (["environment.yml", "environment.yaml"], "conda-lock.yml", "environment.yml"),
        (["gpu.yml"], "gpu.conda-lock.yml", "gpu.yml"),
        (["gpu.yml"], "gpu.a100.conda-lock.yml", "gpu.yml"),
        (["gpu.yml", "gpu.a100.yml"], "gpu.a100.conda-lock.yml", "gpu.a100.yml"),
        (["environment.yml"], "environment.a100.conda-lock.yml", "environment.yml"),
        (["gpu.yml"], "gpu-conda-lock.yml", None),
        (["gpu.yml"], "conda-lock.yml", None),
        ([], "gpu.conda-lock.yml", None),
    ],
)
def test_a_lock_finds_its_file(tmp_path: Path, files: list[str], lock: str, environment: str | None) -> None:
    for name in (*files, lock):
        (tmp_path / name).touch()
    assert is_lock(lock)
    assert environment_of(tmp_path / lock) == (tmp_path / environment if environment else None)


def test_a_file_finds_its_locks_and_no_others(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("environment.yml", "gpu.yml", "gpu.a100.yml", "bare.yml")]
    locks = ["conda-lock.yml", "gpu.conda-lock.yml", "gpu.h100.conda-lock.yml", "gpu.a100.conda-lock.yml"]
    for path in (*files, *(tmp_path / name for name in (*locks, "gpu-conda-lock.yml", "other.yml"))):
        path.touch()
    found = {
        file.name: [lock.name for lock in beside]
        for file, beside in locks_of([*files, Path("no/x.yml")]).items()
    }
    assert found == {
        "environment.yml": ["conda-lock.yml"],
        "gpu.yml": ["gpu.conda-lock.yml", "gpu.h100.conda-lock.yml"],
        "gpu.a100.yml": ["gpu.a100.conda-lock.yml"],
        "bare.yml": [],
        "x.yml": [],
    }
    assert lock_path(files[1]) in locks_of(files)[files[1]]


@pytest.mark.parametrize("name", ["environment.yml", "pixi.lock", "conda-lock.txt", "lock.yml"])
def test_other_files_are_no_locks(name: str) -> None:
    assert not is_lock(name)
