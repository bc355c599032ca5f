"""``make demo``, the first command of the README, on this machine as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.forge import Forge

ROOT = Path(__file__).parents[2]


def test_the_demo_runs_to_its_end(forge: Forge, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.demo", str(tmp_path / "demo")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "conda-lock.yml fits environment.yml" in done.stdout
    assert "matches conda-lock.yml exactly" in done.stdout
    assert (tmp_path / "demo" / "comment.html").exists()
