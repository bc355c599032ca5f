"""The files of a repository that install packages."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.environment.discover import tracked
from conda_lockstep.lint.targets.install_script.kinds import kind_of


def install_files(folder: Path) -> list[Path]:
    """Return the Dockerfiles, shell scripts, workflows and actions below a folder that git tracks or does not ignore.

    Raises ``LockstepError`` outside of a git repository.
    """
    return [Path(name) for name in tracked(folder) if kind_of(name)]
