"""Where the checkout is: its root, its folders, and what git refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.repository import Repository

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.files import select_files
from conda_lockstep.github.event.git import find_root

ENVIRONMENT = "channels: [conda-forge]\ndependencies: [python=3.12]\n"


@pytest.mark.parametrize("place", ["", "src"], ids=["the workspace", "a path in it"])
@pytest.mark.parametrize("folder", ["", "services/train"])
def test_a_folder_of_the_checkout_is_found(tmp_path: Path, place: str, folder: str) -> None:
    repository = Repository(tmp_path / place)
    repository.commit({f"{name}environment.yml": ENVIRONMENT for name in ("", "services/train/", "other/")})
    root, below = find_root(tmp_path, "/".join(filter(None, (place, folder))))
    assert (root, below) == (tmp_path / place, Path(folder))
    found, refused = select_files(root, (), below)
    everything = ["environment.yml", "other/environment.yml", "services/train/environment.yml"]
    assert [path.as_posix() for path in found] == (everything if not folder else everything[-1:])
    assert select_files(root, ("*.yml",), below) == ([Path(folder) / "environment.yml"], refused)


def test_a_checkout_elsewhere_in_the_workspace_is_named(tmp_path: Path) -> None:
    Repository(tmp_path / "src")
    with pytest.raises(
        LockstepError, match="the workspace is not a git checkout; pass 'working-directory: src'"
    ):
        find_root(tmp_path, "")


def test_a_runner_that_lies_in_a_repository_is_no_checkout(tmp_path: Path) -> None:
    Repository(tmp_path)
    (tmp_path / "work").mkdir()
    with pytest.raises(LockstepError, match="is not a git checkout; use actions/checkout before this step"):
        find_root(tmp_path / "work", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_checkout_of_another_user_is_told_with_what_to_do(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "checkout")
    repository.commit({"environment.yml": ENVIRONMENT})
    os.chown(repository.folder, 12345, 12345)
    root, below = find_root(repository.folder, "")
    with pytest.raises(
        LockstepError, match=r"another user owns it; run: git config --global --add safe\.directory"
    ):
        select_files(root, (), below)
