"""The wheels that the Action's lock pins, downloaded once by hash: tests install from them, offline and fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.forge.store import REPOSITORY, build_once, key

LOCK = REPOSITORY / "requirements" / "action.txt"


def wheelhouse() -> Path:
    """Return a folder of wheels: every dependency of every extra, and the build backend."""
    cache = REPOSITORY / ".cache" / "wheelhouse"
    return build_once(cache, key(LOCK), _download)


def pip_environment() -> dict[str, str]:
    """Return the variables under which any pip takes packages from the wheelhouse alone."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheelhouse()),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _download(folder: Path) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes",
        "--dest", str(folder), "--requirement", str(LOCK),
    ]  # fmt: skip
    subprocess.run(command, check=True)
