"""Installs the pip part of a lock with uv: from wheels that lie here, nothing fetched, resolved or built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package


def install_pip(
    wheels: Mapping[Package, Path], prefix: Path, *, cache: Path | None = None, fresh: bool = False
) -> None:
    """Install wheels into a prefix that has a Python, over other versions of them.

    ``cache`` is the folder for what is unpacked, None for uv's own (``UV_CACHE_DIR``); ``fresh`` uses neither, so that
    each file comes from a wheel whose hash was checked. Raises ``LockstepError`` in one
    line for a wheel that does not fit, and for what cannot be written.
    """
    lines = [
        f"{package.name} @ {path.as_uri()} --hash=sha256:{package.sha256}\n"
        for package, path in wheels.items()
    ]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("UV_") or key == "UV_CACHE_DIR"
    }
    where = ["--no-cache"] if fresh else ["--cache-dir", str(cache)] if cache else []
    with TemporaryDirectory(prefix="lockstep-") as folder:
        # uv leaves a lock there for each environment that it has seen.
        environment |= {"TMPDIR": folder, "TEMP": folder, "TMP": folder}
        environment["COLUMNS"] = (
            "10000"  # at the terminal's width uv breaks its lines within what is read here
        )
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(lines), encoding="utf-8")
        done = subprocess.run(
            [
                find_uv_bin(), "pip", "install", "--no-config", "--python", str(python_of(prefix)), "--offline",
                "--no-deps", "--reinstall", "--require-hashes", "--only-binary", ":all:", "--break-system-packages",
                "--color", "never", "--no-progress", *where,
                "-r", str(requirements),
            ],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
    if done.returncode:
        raise _failure(done.stderr, prefix)


def python_of(prefix: Path) -> Path:
    """Return the interpreter of a prefix."""
    return prefix / ("python.exe" if sys.platform == "win32" else "bin/python")


def _failure(text: str, prefix: Path) -> LockstepError:
    lines = [line.strip() for line in without_credentials(text).splitlines() if line.strip()]
    causes = [re.sub(r"^(?:cause|error): ", "", line) for line in lines]
    return LockstepError(f"the pip part cannot be installed: {': '.join(causes[-3:])}", where=str(prefix))
