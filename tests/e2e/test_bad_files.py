"""Files that are none, given to the commands a user gives them to: one line, exit 2, and nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LEVELS = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}' if n else 'x'] * 9)}]\n" for n in range(7))


def fifty_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no such file"),
    "folder": (lambda path: path.mkdir(), "environment.yml: "),
    "link to itself": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "50 MB": (fifty_megabytes, "larger than 1 MiB"),
    "YAML bomb": (
        lambda path: path.write_text(f"{LEVELS}dependencies: [*l6]\n"),
        "the aliases expand to more than",
    ),
    "UTF-16": (
        lambda path: path.write_bytes("dependencies: [a]\n".encode("utf-16")),
        "is UTF-16LE, not UTF-8",
    ),
    "conflict": (lambda path: path.write_text("<<<<<<< HEAD\na: 1\n"), "unresolved merge conflict"),
}


@pytest.mark.parametrize("command", ["lint", "lock", "build"])
@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_none_is_one_line_and_exit_2(tmp_path: Path, kind: str, command: str) -> None:
    make, said = BAD[kind]
    file = tmp_path / "environment.yml"
    make(file)
    arguments = [command, file.name, *(["--prefix", "env"] if command == "build" else [])]
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "conda_lockstep", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    told = [line for line in (done.stdout + done.stderr).splitlines() if "environment.yml" in line]
    assert done.returncode == 2
    assert len(told) == 1
    assert said in told[0]
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before
