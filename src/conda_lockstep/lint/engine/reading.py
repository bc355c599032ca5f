"""From a path to the lint target that the file is, as its name tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.lint.targets.environment_file import EnvironmentTarget
from conda_lockstep.lint.targets.target import Target, TargetKind
from conda_lockstep.lock.model.paths import is_lock

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.install_script.target import InstallTarget
    from conda_lockstep.lint.targets.lock_file import LockTarget


def read_file(path: Path) -> Target:
    """Read a file as the target that it is by its name.

    Raises :class:`UnreadableFileError`, and ``LockstepError`` if the file does not exist.
    """
    return _target_type(str(path)).read(path)


def parse_text(text: str, path: str) -> Target:
    """Parse a text as the target that its path names. Raises :class:`UnreadableFileError`."""
    return _target_type(path).parse(text, path)


def kind_of_target(path: str) -> TargetKind:
    """Return what a file is, by its name; a name that is neither a lock's nor a script's is an environment file's."""
    if is_lock(path):
        return "lock"
    if path.endswith((".txt", ".in")):
        return "requirements"
    if path.endswith((".yml", ".yaml")) and ".github" not in path and "action.y" not in path:
        return "environment"
    from conda_lockstep.lint.targets.install_script.kinds import kind_of

    return "installs" if kind_of(path.replace("\\", "/")) else "environment"


def _target_type(path: str) -> type[EnvironmentTarget | LockTarget | InstallTarget]:
    kind = kind_of_target(path)
    if kind == "environment":
        return EnvironmentTarget
    if kind == "requirements":
        from conda_lockstep.lint.targets.requirements_file import RequirementsTarget

        return RequirementsTarget
    if kind == "lock":
        from conda_lockstep.lint.targets.lock_file import LockTarget

        return LockTarget
    from conda_lockstep.lint.targets.install_script.target import InstallTarget

    return InstallTarget
