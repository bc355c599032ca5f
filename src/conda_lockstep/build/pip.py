"""Installs the pip part of a lock with uv: each wheel by its URL and sha256, nothing resolved, nothing built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.urls import without_credentials
from conda_lockstep.packages import Package

REQUEST_SECONDS = 600


def install_pip(
    packages: Sequence[Package],
    prefix: Path,
    mirrors: Mirrors,
    *,
    cache: Path | None = None,
    progress: bool = False,
) -> None:
    """Install wheels into a prefix that has a Python.

    ``cache`` is the folder for downloads, None for uv's own (``UV_CACHE_DIR``). Raises ``LockstepError`` in one line
    for what is no wheel, has no hash or another one, and for what cannot be fetched.
    """
    lines = [_requirement(package, mirrors) for package in packages]
    with TemporaryDirectory(prefix="lockstep-") as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(lines), encoding="utf-8")
        uv(
            prefix, "install", "--no-deps", "--reinstall", "--require-hashes", "--only-binary", ":all:",
            "-r", str(requirements), cache=cache, progress=progress,
        )  # fmt: skip


def uninstall_pip(projects: Sequence[str], prefix: Path) -> None:
    """Remove what pip once installed and the lock does not have."""
    if projects:
        uv(prefix, "uninstall", *projects)


def uv(
    prefix: Path, command: str, *arguments: str, cache: Path | None = None, progress: bool = False
) -> None:
    """Run ``uv pip`` on a prefix, apart from the machine's own settings of uv."""
    kept = (
        "UV_CACHE_DIR",
        "UV_NATIVE_TLS",
        "UV_SYSTEM_CERTS",
        "UV_INSECURE_HOST",
        "UV_OFFLINE",
        "UV_HTTP_TIMEOUT",
    )
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("UV_") or key in kept
    }
    environment.setdefault("UV_HTTP_TIMEOUT", str(REQUEST_SECONDS))
    environment["COLUMNS"] = "10000"  # at the terminal's width uv breaks its lines within what is read here
    line = [
        find_uv_bin(), "pip", command, "--no-config", "--python", str(python_of(prefix)), "--break-system-packages",
        "--color", "never", *([] if progress else ["--no-progress"]),
        *(["--cache-dir", str(cache / "uv")] if cache else []), *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        raise _failure(done.stderr, prefix)


def python_of(prefix: Path) -> Path:
    """Return the interpreter of a prefix."""
    return prefix / ("python.exe" if sys.platform == "win32" else "bin/python")


def _requirement(package: Package, mirrors: Mirrors) -> str:
    if not package.url.partition("#")[0].endswith(".whl"):
        what = f"the lock has {package} as {without_credentials(package.url)}, which is no wheel"
        raise LockstepError(what, remedy="ask for a version that has wheels, or take it from conda")
    if not package.sha256:
        raise LockstepError(f"the lock has no sha256 for {package}", remedy="run: lockstep lock")
    return f"{package.name} @ {mirrors.fetch_url(package.url)} --hash=sha256:{package.sha256}\n"


def _failure(text: str, prefix: Path) -> LockstepError:
    text = without_credentials(text)
    mismatch = re.search(
        r"Hash mismatch for `([^`]+)`.*?Expected:\s*sha256:(\w+).*?Computed:\s*sha256:(\w+)", text, re.DOTALL
    )
    if mismatch:
        what = f"is not the file that the lock names: sha256 {mismatch[2]} expected, {mismatch[3]} found"
        return LockstepError(what, where=mismatch[1], remedy="find out who replaced it")
    causes = [
        line.strip().removeprefix("cause: ").removeprefix("error: ")
        for line in text.splitlines()
        if line.strip()
    ]
    fetched = re.search(r"Failed to (?:fetch|download):? `?(\S+?)`?$", text, re.MULTILINE)
    if fetched:
        remedy = "check the network and the index, then build again"
        return LockstepError(f"cannot be fetched: {causes[-1]}", where=fetched[1], remedy=remedy)
    return LockstepError(f"the pip part cannot be installed: {': '.join(causes[-3:])}", where=str(prefix))
