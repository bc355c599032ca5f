"""The wheel, installed alone: it lints, and says what to install for the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wheelhouse import pip_environment

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def bare_lockstep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``lockstep`` of a fresh virtual environment in which only ``pip install .`` was run."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT)]
    subprocess.run(install, check=True, env={**os.environ, **pip_environment()})
    return folder / "venv" / "bin" / "lockstep"


def run(lockstep: Path, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([lockstep, *argv], cwd=cwd, capture_output=True, text=True)


def test_the_bare_wheel_lints_and_says_what_the_rest_needs(bare_lockstep: Path, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("name: x\nchannels: [conda-forge]\ndependencies:\n  - python\n")
    linted = run(bare_lockstep, "lint", "environment.yml", cwd=tmp_path)
    assert linted.returncode == 1
    assert "environment.yml:4:5: warning unpinned-python" in linted.stdout
    assert "# unpinned-python" in run(bare_lockstep, "explain", "unpinned-python", cwd=tmp_path).stdout
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert run(bare_lockstep, "init", cwd=tmp_path).returncode == 0
    assert (tmp_path / ".github" / "workflows" / "environment.yml").is_file()
    (tmp_path / "conda-lock.yml").write_text("")
    for command in (["lock"], ["build", "--prefix", "p"]):
        done = run(bare_lockstep, *command, cwd=tmp_path)
        assert done.returncode == 2
        assert "pip install 'conda-lockstep[solve]'" in done.stderr
        assert done.stderr.count("\n") == 1
