"""The Action's first step, as a runner starts it, on runners that have this or that."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.support import act
from tests.support.forge.interpreter import VERSION, python_drafts
from tests.support.forge.pypi import SDIST_RELEASED, write_index
from tests.support.wheelhouse import pip_environment, wheelhouse

TOOLS = ("bash", "cat", "env", "mkdir", "mktemp", "rm", "tr", "uname")
UV = Path(sys.executable).with_name("uv")


class Machine:
    """A runner whose path has the tools of any system, and what is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        for place in (self.programs, folder / "temp", folder / "home"):
            place.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            if found is None:
                pytest.skip(f"{tool} is not installed")
            (self.programs / tool).symlink_to(found)

    def has(self, program: Path, name: str) -> None:
        """Put a program on the path."""
        (self.programs / name).symlink_to(program)

    def install(self, action: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the step as GitHub runs 'shell: bash'."""
        [script] = [step["run"] for step in _steps() if step["id"] == "install"]
        path = self.folder / "step.sh"
        path.write_text(script)
        environment = {
            "PATH": str(self.programs),
            "HOME": str(self.folder / "home"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_ACTION_PATH": str(action),
            **variables,
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)],
            cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def version(self) -> str:
        """Ask what was installed for its version, and for the Python that it runs on."""
        outputs = dict(line.split("=", 1) for line in (self.folder / "outputs").read_text().splitlines())
        python = Path(outputs["folder"], "venv", "bin", "python")
        code = "import sys, conda_lockstep, rattler, ghapi.core; print(sys.base_prefix)"
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.strip()


def _steps() -> list[Mapping[str, str]]:
    loaded = yaml.safe_load((act.ROOT / "action.yml").read_text())
    steps: list[Mapping[str, str]] = loaded["runs"]["steps"]
    return steps


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return act.export_action(tmp_path_factory.mktemp("action"))


def test_where_nothing_is_there_one_line_says_what_to_do(machine: Machine, action: Path) -> None:
    done = machine.install(action)
    [line] = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2
    assert line.startswith(
        "::error title=conda-lockstep::this runner has no Python >= 3.10 with venv, and no uv"
    )
    assert line.endswith("use actions/setup-python before this step")


def test_where_uv_reaches_nothing_one_line_says_what_and_why(machine: Machine, action: Path) -> None:
    machine.has(UV, "uv")
    done = machine.install(action, UV_PYTHON_INSTALL_MIRROR="http://127.0.0.1:9", UV_HTTP_RETRIES="0")
    [line] = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2
    assert "and uv cannot bring one; use actions/setup-python before this step (error: " in line
    assert "http://127.0.0.1:9/" in line
    assert "Connection refused" in line


def test_uv_brings_a_python_where_there_is_none(machine: Machine, action: Path) -> None:
    """The Python is this machine's, packed and announced as those are that uv downloads."""
    machine.has(UV, "uv")
    announced = announce(machine.folder / "downloads")
    index = machine.folder / "pypi"
    write_index(index, [(wheel, SDIST_RELEASED) for wheel in wheelhouse().glob("*.whl")])
    variables = {
        "UV_PYTHON_DOWNLOADS_JSON_URL": str(announced),
        "UV_DEFAULT_INDEX": (index / "simple").as_uri(),
    }
    done = machine.install(action, **variables)
    assert done.returncode == 0, done.stderr
    assert machine.version().startswith(str(machine.folder / "temp"))
    assert not list((machine.folder / "home").iterdir())


def test_a_python_without_pip_is_given_one(machine: Machine, action: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    machine.has(tmp_path / "bare" / "bin" / "python", "python3")
    done = machine.install(action, **pip_environment())
    assert done.returncode == 0, done.stderr
    assert machine.version() == sys.base_prefix


def test_a_dependency_whose_bytes_are_not_those_of_the_lock_is_not_installed(
    machine: Machine, action: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(action, changed)
    lock = changed / "requirements" / "action.txt"
    text = lock.read_text()
    start = text.index("packaging==")
    lock.write_text(text[:start] + re.sub(r"sha256:\w+", "sha256:" + "0" * 64, text[start:], count=2))
    machine.has(Path(sys.executable), "python3")
    done = machine.install(changed, **pip_environment())
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


def announce(folder: Path) -> Path:
    """Pack this machine's CPython as python-build-standalone does, and write the list in which uv looks for it."""
    folder.mkdir()
    archive = folder / "python.tar.gz"
    python = next(iter(python_drafts()))
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for member in python.members:
            entry = tarfile.TarInfo(f"python/{member.path}")
            entry.mode = 0o755 if member.executable else 0o644
            if member.link:
                entry.type, entry.linkname = tarfile.SYMTYPE, member.link
                tar.addfile(entry)
                continue
            entry.size = len(member.data)
            tar.addfile(entry, io.BytesIO(member.data))
    major, minor, patch = map(int, VERSION.split("."))
    machine = os.uname().machine
    download = {
        "name": "cpython", "arch": {"family": machine, "variant": None}, "os": "linux", "libc": "gnu",
        "major": major, "minor": minor, "patch": patch, "prerelease": "", "variant": None, "build": "20250101",
        "url": archive.as_uri(), "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }  # fmt: skip
    listed = folder / "downloads.json"
    listed.write_text(json.dumps({f"cpython-{VERSION}-linux-{machine}-gnu": download}))
    return listed
