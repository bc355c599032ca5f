"""The files of a repository that install packages."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.environment.discover import files_below
from conda_lockstep.lint.targets.install_script.kinds import kind_of


def install_files(folder: Path) -> list[Path]:
    """Return the Dockerfiles, shell scripts, workflows and actions below a folder, relative to it and sorted."""
    return [Path(name) for name in files_below(folder) if kind_of(name)]
