"""``lockstep sync`` as it is typed, and the exit status of each way that it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.cli.main import main


@pytest.fixture
def folder(forge, tmp_path, monkeypatch, capsys) -> Path:
    """A folder with a lock and the environment that was built from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path.parent / "rattler"))
    (tmp_path / "environment.yml").write_text(
        f"channels: ['{forge.channel_url}']\ndependencies: [tzdata, cuda-version]\n"
    )
    assert main(["build", "--solve", "--prefix", "env"]) == 0
    capsys.readouterr()
    return tmp_path


def test_a_sound_prefix_needs_nothing(folder, capsys):
    assert main(["sync", "--prefix", "env", "--dry-run"]) == 0
    assert main(["sync", "--prefix", "env"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("env: nothing to change (ls1-")
    assert second.startswith("env: nothing to change; it holds conda-lock.yml (ls1-")


def test_what_differs_is_shown_and_then_mended(folder, capsys):
    (record,) = Path("env/conda-meta").glob("cuda-version-*.json")
    record.unlink()
    assert main(["sync", "--prefix", "env", "--dry-run"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("  install  conda cuda-version ")
    assert shown[0].endswith(": it is missing")
    assert shown[1].startswith("env: 1 change would be made (ls1-")
    assert main(["sync", "--prefix", "env"]) == 0
    done = capsys.readouterr().out.splitlines()
    assert done[0] == shown[0]
    assert done[1].startswith("env: 1 change made; it holds conda-lock.yml (ls1-")
    assert main(["verify", "--prefix", "env"]) == 0


def test_an_unfinished_prefix_is_told_by_verify_and_mended(folder, capsys):
    Path("env/conda-meta/.lockstep-unfinished").touch()
    assert main(["verify", "--prefix", "env"]) == 2
    assert capsys.readouterr().err == (
        "lockstep: env: is unfinished: a build or a sync began there and did not end; "
        "wait for it, or run: lockstep sync --prefix env\n"
    )
    assert main(["sync", "--prefix", "env"]) == 0
    assert capsys.readouterr().err == "lockstep: env: repaired the remains of an unfinished build or sync\n"
    assert main(["verify", "--prefix", "env"]) == 0


@pytest.mark.parametrize("command", ["sync", "build"])
def test_solving_is_for_build_alone_and_only_where_there_is_no_lock(folder, capsys, command):
    Path("conda-lock.yml").unlink()
    assert main([command, "--prefix", "other"]) == 2
    assert (
        capsys.readouterr().err
        == "lockstep: conda-lock.yml: no lock found; run: lockstep lock environment.yml\n"
    )
    assert not Path("other").exists()
