"""The wheels that an installation of this project needs, downloaded once: tests install from them, offline and fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.forge.store import REPOSITORY, build_once, key

BUILD_BACKEND = ("hatchling", "editables")


def wheelhouse() -> Path:
    """Return a folder of wheels: every dependency of every extra, and what builds a wheel of ours."""
    cache = REPOSITORY / ".cache" / "wheelhouse"
    return build_once(cache, key(REPOSITORY / "pyproject.toml"), _download)


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
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--prefer-binary",
        "--dest", str(folder), f"{REPOSITORY}[all]", *BUILD_BACKEND,
    ]  # fmt: skip
    subprocess.run(command, check=True)
