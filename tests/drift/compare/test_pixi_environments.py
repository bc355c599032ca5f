"""Two pixi.lock files are compared environment by environment; a dropped one is a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.cli.main import main

HEAD = "version: 6\nenvironments:\n"
FORGE = "https://conda.anaconda.org/conda-forge/linux-64"


def lock(**environments: str) -> str:
    """Return a pixi.lock; each environment has numpy in one version."""
    parts = [
        f"  {name}:\n    channels:\n    - url: https://conda.anaconda.org/conda-forge/\n    packages:\n"
        f"      linux-64:\n      - conda: {FORGE}/numpy-{version}-h0_0.conda\n"
        for name, version in environments.items()
    ]
    packages = [
        f"- conda: {FORGE}/numpy-{version}-h0_0.conda\n  sha256: {'a' * 64}\n  license: BSD-3-Clause\n"
        for version in sorted({*environments.values()})
    ]
    return f"{HEAD}{''.join(parts)}packages:\n{''.join(packages)}"


def run(tmp_path: Path, old: str, new: str, *options: str) -> int:
    (tmp_path / "old.lock").write_text(old)
    (tmp_path / "new.lock").write_text(new)
    return main(["diff", str(tmp_path / "old.lock"), str(tmp_path / "new.lock"), *options])


def test_a_change_in_another_environment_than_the_default_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = lock(default="2.1.0", gpu="1.26.4"), lock(default="2.1.0", gpu="2.1.0")
    assert run(tmp_path, old, new, "--fail-on", "critical") == 1
    said = capsys.readouterr().out
    assert "new.lock (gpu) (linux-64)" in said
    assert "1.26.4 → 2.1.0" in said
    assert "new.lock (default) (linux-64): no drift" in said
    assert run(tmp_path, old, new, "--environment", "default") == 0


def test_a_dropped_environment_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = lock(default="2.1.0", gpu="2.1.0"), lock(default="2.1.0")
    assert run(tmp_path, old, new, "--fail-on", "critical") == 1
    assert "the lock has nothing for this platform any more" in capsys.readouterr().out
    assert run(tmp_path, new, old, "--fail-on", "critical") == 0
