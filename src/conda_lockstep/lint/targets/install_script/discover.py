"""The files of a repository that install packages."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.environment.discover import files_below
from conda_lockstep.lint.targets.install_script.kinds import kind_of
from conda_lockstep.lint.targets.kubernetes import holds_pods


def install_files(folder: Path) -> list[Path]:
    """Return the files below a folder that install packages, relative to it and sorted.

    These are Dockerfiles, shell scripts, the files of CI systems, and Kubernetes' files with such commands.
    """
    return [Path(name) for name in files_below(folder) if kind_of(name) or _is_pod(folder, name)]


def _is_pod(folder: Path, name: str) -> bool:
    return name.lower().endswith((".yml", ".yaml")) and holds_pods(folder / name)
