"""The zipapp on a bare node: an interpreter without site-packages, a prefix, and the lock as JSON beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.build_zipapp import COMMANDS, build

from conda_lockstep.lock.formats import manifest
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from tests.support.prefixes import Installed, copy_of, installed

__all__ = ["installed"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("zipapp") / "lockstep.pyz")


def run(archive: Path, *argv: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(archive), *map(str, argv)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={"HOME": str(cwd)})


def test_a_bare_node_verifies_against_a_manifest(archive: Path, installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text(manifest.render(installed.lock))
    sound = run(
        archive,
        "verify",
        "--ignore-machine",
        "--prefix",
        installed.prefix,
        "--lock",
        "lock.json",
        cwd=tmp_path,
    )
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith(
        f"{installed.packages.environment_id}  {installed.prefix} matches lock.json exactly"
    )
    deep = run(
        archive,
        "verify",
        "--ignore-machine",
        "--gpu-libraries",
        "--prefix",
        installed.prefix,
        "--lock",
        "lock.json",
        cwd=tmp_path,
    )
    assert (deep.returncode, deep.stderr) == (0, "")
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    next(prefix.glob("conda-meta/tqdm-*.json")).unlink()
    for form in ("text", "json", "markdown", "html"):
        drifted = run(
            archive, "verify", "--prefix", prefix, "--lock", "lock.json", "--format", form, cwd=tmp_path
        )
        assert (drifted.returncode, drifted.stderr) == (1, "")
        assert "tqdm" in drifted.stdout


def test_a_bare_node_knows_what_conda_and_pip_call_one_project(archive: Path, tmp_path: Path) -> None:
    conda = Package(
        "conda", "pytorch", "2.5.1", "cuda126_0", "linux-64", "https://conda.anaconda.org/conda-forge",
        "https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.5.1-cuda126_0.conda", "a" * 64,
    )  # fmt: skip
    torch = Package("pip", "torch", "2.6.0", url="https://x/torch-2.6.0-py3-none-any.whl", sha256="b" * 64)
    for name, packages in (("old", [conda]), ("new", [conda, torch])):
        lock = Lock({"linux-64": PackageSet.of(packages)}, ("conda-forge",), ("environment.yml",))
        (tmp_path / f"{name}.json").write_text(manifest.render(lock))
    told = run(archive, "diff", "old.json", "new.json", "--explain", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (1, "")
    assert "shadowed" in told.stdout


def test_it_writes_a_snapshot_and_compares_it_with_a_lock(
    archive: Path, installed: Installed, tmp_path: Path
) -> None:
    assert (
        run(
            archive, "snapshot", "--prefix", installed.prefix, "--output", "node.json", cwd=tmp_path
        ).returncode
        == 0
    )
    assert (
        json.loads((tmp_path / "node.json").read_text())["environment_id"]
        == installed.packages.environment_id
    )
    same = run(archive, "diff", installed.lock_file, "node.json", cwd=tmp_path)
    assert (same.returncode, same.stderr) == (0, "")


def test_what_it_cannot_read_and_what_it_does_not_hold_are_told_in_one_line(
    archive: Path, installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "conda-lock.yml").write_text("version: 1\npackage: [] # as no tool of ours writes it\n")
    for argv, told in (
        (
            ["verify", "--prefix", installed.prefix],
            "'lockstep verify' needs yaml for this, which is not installed",
        ),
        (["lint"], "invalid choice: 'lint'"),
    ):
        done = run(archive, *argv, cwd=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
        assert done.stderr.count("\n") == 1


def test_every_command_of_it_has_its_help_and_it_its_version(archive: Path, tmp_path: Path) -> None:
    for command in COMMANDS:
        assert run(archive, command, "--help", cwd=tmp_path).returncode == 0
    assert run(archive, "--version", cwd=tmp_path).stdout.startswith("conda-lockstep ")


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again.pyz").read_bytes() == archive.read_bytes()
