"""Who watches a build sees how far it is; a log gets none of that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@pytest.fixture
def project(forge, http_server, tmp_path) -> Path:
    (tmp_path / "lockstep.toml").write_text(
        f'[mirrors]\n"https://conda.anaconda.org/forge" = "{http_server(forge.channel).url}"\n'
    )
    (tmp_path / "environment.yml").write_text("channels: [forge]\ndependencies: [python, six]\n")
    command = [sys.executable, "-m", "conda_lockstep", "lock"]
    subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), check=True, stdout=subprocess.DEVNULL)
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    caches = {"RATTLER_CACHE_DIR": str(folder / "rattler"), "UV_CACHE_DIR": str(folder / "uv")}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", **caches, **more}


def build_in_a_terminal(folder: Path, **more: str) -> str:
    """Return what a build writes to a terminal."""
    main, side = os.openpty()
    said = bytearray()

    def read() -> None:
        # A pseudo-terminal whose other side is closed fails to be read.
        try:
            while block := os.read(main, 1 << 12):
                said.extend(block)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "conda_lockstep", "build", "--prefix", "env"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, **more),
        stdout=subprocess.DEVNULL,
        stderr=side,
        timeout=120,
    )
    os.close(side)
    reader.join()
    os.close(main)
    assert done.returncode == 0, said.decode()
    return said.decode()


def test_a_terminal_shows_how_much_has_come(project):
    shown = build_in_a_terminal(project)
    assert re.search(r"\d+(?:\.\d+)?/\d+(?:\.\d+)? [MK]B", shown), shown


def test_a_job_with_a_terminal_shows_nothing(project):
    assert build_in_a_terminal(project, CI="true") == ""


def test_a_log_shows_nothing(project):
    command = [sys.executable, "-m", "conda_lockstep", "build", "--prefix", "env"]
    done = subprocess.run(
        command,
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
