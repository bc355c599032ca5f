"""The wheel, installed alone: it lints, and says what to install for the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def bare_lockstep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``lockstep`` of a fresh virtual environment in which only ``pip install .`` was run."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT)]
    subprocess.run(install, check=True)
    return folder / "venv" / "bin" / "lockstep"


def run(lockstep: Path, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([lockstep, *argv], cwd=cwd, capture_output=True, text=True)


def test_the_bare_wheel_lints(bare_lockstep: Path, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("name: x\nchannels: [conda-forge]\ndependencies:\n  - python\n")
    done = run(bare_lockstep, "lint", "environment.yml", cwd=tmp_path)
    assert done.returncode == 1
    assert "environment.yml:4:5: warning unpinned-python" in done.stdout


@pytest.mark.parametrize("command", [["lock"], ["build", "--prefix", "p"]])
def test_the_bare_wheel_says_what_to_install(bare_lockstep: Path, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "environment.yml").write_text("name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n")
    (tmp_path / "conda-lock.yml").write_text("")
    done = run(bare_lockstep, *command, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'conda-lockstep[solve]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_bare_wheel_carries_the_pages_and_the_workflows(bare_lockstep: Path, tmp_path: Path) -> None:
    page = run(bare_lockstep, "explain", "unpinned-conda", cwd=tmp_path)
    assert page.stdout.startswith("# unpinned-conda")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert run(bare_lockstep, "init", cwd=tmp_path).returncode == 0
    assert (tmp_path / ".github" / "workflows" / "lockstep.yml").is_file()
