"""A build leaves the machine as it found it: but for the prefix and the cache, nothing is written, read into or set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock

CHILD = """
import os, sys
before = dict(os.environ)
from conda_lockstep.cli.main import main
status = main(sys.argv[1:])
assert dict(os.environ) == before, "the environment was changed"
sys.stdout.flush()
os._exit(status)
"""


def state(folder: Path) -> dict[str, object]:
    """Return all that is in a folder: kinds, permissions, times and bytes."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *folder.rglob("*"))
    }


def a_home(folder: Path) -> Path:
    """A home as people have it: settings, caches, a conda that knows its environments."""
    for name, text in {
        ".condarc": "channels: [conda-forge]\n",
        ".conda/environments.txt": "/opt/conda\n",
        ".netrc": "machine example.com login a password b\n",
        ".bashrc": "export A=1\n",
        ".cache/rattler/cache/pkgs/.cache.lock": "",
        ".cache/uv/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55",
        ".cache/pip/a": "b",
        ".config/uv/uv.toml": "offline = true\n",
        ".config/pip/pip.conf": "[global]\nno-index = true\n",
        ".rattler/credentials.json": "{}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_home_caches_settings_and_environment_are_untouched(world, forge, tmp_path):
    home, tmp = a_home(tmp_path / "home"), tmp_path / "tmp"
    project = tmp_path / "project"
    for folder in (tmp, project):
        folder.mkdir()
    packages = world.lock("python", "pip", "six", pip=("humanize",))
    cep37.write(Lock({world.subdir: packages}, ("forge",), ("environment.yml",)), project / "conda-lock.yml")
    mirrors = {"https://conda.anaconda.org/forge": forge.channel_url, "https://pypi.org": forge.pypi.as_uri()}
    lines = "".join(f'"{source}" = "{target}"\n' for source, target in mirrors.items())
    (project / "lockstep.toml").write_text(f"[mirrors]\n{lines}")
    before = state(home), state(project)
    for command in (
        ["build", "conda-lock.yml", "--prefix", "../env", "--cache-dir", "../cache"],
        ["sync", "conda-lock.yml", "--prefix", "../env", "--cache-dir", "../cache"],
        ["sync", "conda-lock.yml", "--prefix", "../env", "--dry-run"],
        ["verify", "--prefix", "../env", "--lock", "conda-lock.yml"],
        ["verify", "--prefix", "../env", "--lock", "conda-lock.yml", "--deep"],
        ["snapshot", "--prefix", "../env"],
        ["probe", "--prefix", "../env", "--lock", "conda-lock.yml"],
        ["mirror", "conda-lock.yml", "--to", "../mirror"],
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(tmp),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *command],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert (state(home), state(project)) == before, command
        assert not list(tmp.iterdir()), command
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cache",
        "env",
        "home",
        "mirror",
        "project",
        "tmp",
    ]
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["archives", "pkgs", "uv"]
