from __future__ import annotations

import re
from pathlib import Path

import pytest

from conda_lockstep.environment.discover import FILES, environment_files
from conda_lockstep.errors import LockstepError
from tests.support.repository import Repository

FULL = "channels: [a]\ndependencies: [b]\n"
BARE = "dependencies: [b]\n"


@pytest.mark.parametrize(
    "path",
    [
        "environment.yml",
        "environment.yaml",
        "Environment.yml",
        "env.yml",
        "envs.yaml",
        "docs/environment.yml",
        "environment-gpu.yml",
        "environment_gpu.yaml",
        "environment.gpu.yml",
        "gpu-env.yml",
        "conda_env.yml",
        "conda-environment.yml",
        "my.environment.yml",
        "conda.yaml",
        "conda_dependencies.yml",
        "conda/environments/all_cuda-129_arch-x86_64.yaml",
        "x/conda/envs/train.yml",
    ],
)
def test_a_path_that_environment_files_go_by_is_known(path: str) -> None:
    assert re.search(FILES, path)


@pytest.mark.parametrize(
    "path",
    [
        "conda-lock.yml",
        "environment.conda-lock.yml",
        "environment-gpu.conda-lock.yaml",
        "env-lock.yml",
        ".github/workflows/env.yml",
        ".github/environment.yml",
        "sub/.github/workflows/environment.yml",
        "environment.json",
        "environment.yml.orig",
        "venv.yml",
        "environmental.yml",
        "envoy.yaml",
        "environments/prod.yml",
        "environment/x.txt",
        "pixi.lock",
        "recipe/meta.yaml",
    ],
)
def test_a_path_that_other_files_go_by_is_not(path: str) -> None:
    assert not re.search(FILES, path)


def test_a_folder_that_git_ignores_is_walked_when_it_is_the_one_that_is_searched(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write({".gitignore": "demo/\n", "demo/environment.yml": FULL, "demo/sub/train.yml": FULL})
    repository.commit({"empty/README": ""})
    assert environment_files(tmp_path) == []
    assert environment_files(tmp_path / "empty") == []
    assert environment_files(tmp_path / "demo") == [Path("environment.yml"), Path("sub/train.yml")]
    assert environment_files(tmp_path / "demo" / "sub") == [Path("train.yml")]


def test_files_are_found_by_what_they_hold_where_git_knows_them(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write({".gitignore": "ignored/\n"})
    repository.commit(
        {
            "environment.yml": FULL,
            "train.yml": FULL,
            "bare/env.yml": BARE,
            "other.yml": BARE,
            "values.yml": "environment: prod\n",
            "indented.yml": "  channels: [a]\n  dependencies: [b]\n",
            "conda-lock.yml": FULL,
            "x.conda-lock.yml": FULL,
            ".github/workflows/env.yml": FULL,
            "\u00fcber env.yml": FULL,
            "gone.yml": FULL,
        }
    )
    repository.write({"new.yaml": FULL, "ignored/environment.yml": FULL, "gone.yml": None})
    (tmp_path / "wide.yml").write_bytes(FULL.encode("utf-16"))
    (tmp_path / "wide-env.yml").write_bytes(FULL.encode("utf-16"))
    (tmp_path / "binary.yml").write_bytes(b"\x00\xff\n" + FULL.encode())
    (tmp_path / "folder.yml").mkdir()
    found = [str(path) for path in environment_files(tmp_path)]
    assert found == sorted(
        [
            "bare/env.yml",
            "binary.yml",
            "environment.yml",
            "new.yaml",
            "train.yml",
            "wide-env.yml",
            "\u00fcber env.yml",
        ]
    )
    assert [str(path) for path in environment_files(tmp_path / "bare")] == ["env.yml"]


@pytest.fixture
def no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no repository is above of."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "plain"
    folder.mkdir()
    return folder


SKIPPED = (
    ".hidden/environment.yml",
    "node_modules/x/environment.yml",
    "venv/environment.yml",
    "env/environment.yml",
    "src/__pycache__/environment.yml",
    "lib/site-packages/environment.yml",
)


@pytest.mark.parametrize("has_git", [True, False])
def test_a_folder_outside_of_a_repository_is_walked(
    no_git: Path, monkeypatch: pytest.MonkeyPatch, has_git: bool
) -> None:
    for name in ("environment.yml", "deep/er/env.yml", "notes.yml", *SKIPPED):
        (no_git / name).parent.mkdir(parents=True, exist_ok=True)
        (no_git / name).write_text("a: 1\n" if name == "notes.yml" else "channels: [a]\ndependencies: [b]\n")
    (no_git / "venv" / "pyvenv.cfg").write_text("")
    (no_git / "env" / "conda-meta").mkdir()
    if not has_git:
        monkeypatch.setenv("PATH", str(no_git))
    assert [str(path) for path in environment_files(no_git)] == ["deep/er/env.yml", "environment.yml"]


def test_a_walk_ends_where_a_folder_is_too_large(no_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conda_lockstep.environment.discover.MAX_WALKED", 10)
    for number in range(11):
        (no_git / f"{number}.txt").write_text("")
    with pytest.raises(
        LockstepError, match="contains more than 10 files and is not a git repository; pass the files"
    ):
        environment_files(no_git)


def test_a_repository_that_git_refuses_is_not_walked(no_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user owns the checkout, as in a container: which files it ignores is not known."""
    fake = no_git / "git"
    fake.write_text(
        "#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2; exit 128\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{no_git}:/usr/bin:/bin")
    with pytest.raises(
        LockstepError,
        match=r"git refuses this repository, because another user owns it; run: git config --global",
    ):
        environment_files(no_git)
