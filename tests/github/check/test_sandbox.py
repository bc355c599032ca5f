"""What runs in the sandbox sees no token, and leaves nothing behind that runs."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from conda_lockstep.github.check import sandbox

SECRETS = {
    "LOCKSTEP_TOKEN": "s", "GITHUB_TOKEN": "s", "GH_TOKEN": "s", "INPUT_TOKEN": "s",
    "ACTIONS_RUNTIME_TOKEN": "s", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s", "AWS_SECRET_ACCESS_KEY": "s",
    "GITHUB_ENV": "/x", "GITHUB_PATH": "/x", "GITHUB_OUTPUT": "/x", "SSH_AUTH_SOCK": "/x",
    "LD_PRELOAD": "/x", "PYTHONPATH": "/x", "PYTHONSTARTUP": "/x",
}  # fmt: skip


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def test_no_secret_and_no_command_file_is_in_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    outcome = sandbox.run(python("import os; print(*os.environ)"), tmp_path, tmp_path, 20)
    seen = set(outcome.output.split())
    assert not seen & set(SECRETS)
    assert {"PATH", "CONDA_OVERRIDE_CUDA", "HOME"} <= seen


def test_what_publishes_is_withheld(tmp_path: Path) -> None:
    given = {"UV_PUBLISH_TOKEN": "secret", "UV_INDEX_URL": "https://pypi.example", "GITHUB_TOKEN": "secret"}
    seen = sandbox.clean_environment(given, tmp_path)
    assert "secret" not in seen.values()
    assert seen["UV_INDEX_URL"] == "https://pypi.example"


def test_home_caches_and_temporary_files_are_in_the_folder(tmp_path: Path) -> None:
    code = "import os, tempfile, pathlib; print(pathlib.Path.home(), tempfile.gettempdir(), os.environ['UV_CACHE_DIR'])"
    outcome = sandbox.run(python(code), tmp_path, tmp_path, 20)
    assert outcome.status == 0
    assert all(place.startswith(f"{tmp_path}{os.sep}") for place in outcome.output.split())


def test_a_failure_is_reported_with_what_was_printed(tmp_path: Path) -> None:
    outcome = sandbox.run(python("import sys; print('out'); sys.exit('err')"), tmp_path, tmp_path, 20)
    assert (outcome.status, sorted(outcome.output.split())) == (1, ["err", "out"])


def test_what_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    code = "import subprocess, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
    outcome = sandbox.run(python(code), tmp_path, tmp_path, 1)
    assert outcome.status is None
    assert is_gone(int(outcome.output))


def test_nothing_lives_on_after_the_end(tmp_path: Path) -> None:
    code = (
        "import subprocess; null = subprocess.DEVNULL;"
        "print(subprocess.Popen(['sleep', '60'], stdout=null, stderr=null).pid)"
    )
    outcome = sandbox.run(python(code), tmp_path, tmp_path, 20)
    assert outcome.status == 0
    assert is_gone(int(outcome.output))


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that waits for its parent to take note has."""
    for _ in range(50):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def test_no_variable_of_the_job_decides_about_trust(tmp_path: Path) -> None:
    given = {"LOCKSTEP_UNTRUSTED": "", "LOCKSTEP_TRUSTED": "1", "PATH": "/bin"}
    assert not {name for name in sandbox.clean_environment(given, tmp_path) if name.startswith("LOCKSTEP_")}
