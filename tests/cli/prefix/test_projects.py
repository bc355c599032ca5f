"""Local and git projects on the command line, from ``lock`` to ``mirror``: what is said, and how each command exits."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.projects import GitRepository, pyproject, write_files

from conda_lockstep.cli.main import main

SETUP = "from setuptools import setup\nsetup(name='computed', version='1', install_requires='six'.split())\n"


@pytest.fixture
def repository(forge, tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "repository"
    origin = GitRepository.create(tmp_path / "knn", {"pyproject.toml": pyproject("knn"), "knn.py": ""})
    write_files(
        folder,
        {
            "lockstep.toml": f'platforms = ["{forge.subdir}"]\n[mirrors]\n'
            f'"https://conda.anaconda.org/forge" = "{forge.channel_url}"\n'
            f'"https://pypi.org" = "{forge.pypi.as_uri()}"\n',
            "environment.yml": "channels: [forge]\ndependencies:\n  - python\n  - pip\n  - pip:\n"
            f"      - -e .\n      - git+{origin.url}@main\n",
            "setup.py": SETUP,
            "computed.py": "",
            ".git/HEAD": "ref: refs/heads/main\n",
        },
    )
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main([*words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_projects_from_the_lock_to_the_prefix(repository, capsys):
    status, _, error = _run(capsys, "lock")
    assert (status, "its setup.py computes install_requires" in error) == (2, True)
    assert "or allow its build to run: --allow-build ." in error
    assert _run(capsys, "lock", "--allow-build", ".")[0] == 0
    assert _run(capsys, "lock", "--check")[0] == 0

    status, _, error = _run(capsys, "build", "--prefix", "env")
    assert (status, "allow it with --allow-build computed --allow-build knn" in error) == (2, True)
    status, out, error = _run(capsys, "build", "--prefix", "env", "--no-projects")
    assert (status, "projects were left as they are (--no-projects): computed, knn" in error) == (0, True)
    assert _run(capsys, "verify", "--prefix", "env")[0] == 1
    status, out, _ = _run(capsys, "verify", "--prefix", "env", "--no-projects")
    assert (status, "projects were not compared (--no-projects): computed, knn" in out) == (0, True)
    assert _run(capsys, "sync", "--prefix", "env", "--dry-run")[0] == 1

    with Path("lockstep.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(f'allow-build = [".", "knn"]\n{text}')
    assert _run(capsys, "sync", "--prefix", "env")[0] == 0
    status, out, _ = _run(capsys, "verify", "--prefix", "env")
    assert (status, "projects were compared by their source, not by their bytes: computed, knn" in out) == (
        0,
        True,
    )
    status, out, _ = _run(capsys, "verify", "--prefix", "env", "--project-root", "/")
    assert (status, "it is installed from" in out) == (1, True)

    status, out, _ = _run(capsys, "why", "six")
    assert (status, "'-e .' (environment.yml:6:9)" in out or "-e ." in out) == (0, True), out
    status, _, error = _run(capsys, "mirror", "conda-lock.yml", "--to", "mirror")
    assert (status, "projects are no files, and not in it: computed, knn" in error) == (0, True)
