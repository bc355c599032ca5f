"""What Windows and macOS run imports no module that only POSIX has; such modules are imported where they are used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.support.corpus import REPOSITORY

POSIX_ONLY = (
    "fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "readline", "syslog", "nis", "spwd", "crypt",
)  # fmt: skip

BLOCK = f"""
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {POSIX_ONLY!r}:
            raise ModuleNotFoundError(name, name=name)

for name in {POSIX_ONLY!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
"""

WORKFLOW = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCK + program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_every_module_is_imported_without_posix() -> None:
    done = run(
        "import pkgutil, importlib, conda_lockstep as package\n"
        "for found in pkgutil.walk_packages(package.__path__, 'conda_lockstep.'):\n"
        "    if not found.name.endswith(('__main__', 'conda_plugin')):\n"
        "        importlib.import_module(found.name)\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", ["lint", "fmt", "lock", "pin", "diff", "export", "import", "why", "rules"]
)
def test_a_command_starts_without_posix(command: str) -> None:
    done = run(f"from conda_lockstep.cli.main import main\nsys.exit(main([{command!r}, '--help']))")
    assert done.returncode == 0, done.stderr


def test_the_tests_of_every_system_are_collected_without_posix() -> None:
    """The job ``linter`` runs on Windows, too."""
    (listed,) = re.findall(r"python -m pytest -n auto\n((?:          tests/.+\n)+)", WORKFLOW)
    folders = listed.split()
    assert "tests/lint" in folders
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", *folders]
    done = run(f"import pytest\nsys.exit(pytest.main({arguments!r}))")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
