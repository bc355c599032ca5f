"""From a path to the lint target that the file is, as its name tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.lint.targets.environment_file import EnvironmentTarget
from conda_lockstep.lock.model.paths import is_lock

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.install_script.target import InstallTarget
    from conda_lockstep.lint.targets.lock_file import LockTarget
    from conda_lockstep.lint.targets.target import Target, TargetKind


def read_file(path: Path, kind: TargetKind | None = None) -> Target:
    """Read a file as the target that it is, see :func:`kind_of_file`; ``kind`` is that, if it is known.

    Raises :class:`UnreadableFileError`, and ``LockstepError`` if the file does not exist.
    """
    return _target_type(kind or kind_of_file(path)).read(path)


def kind_of_file(path: Path) -> TargetKind:
    """Return what a file is; a YAML file of Kubernetes that installs packages is told by what it holds."""
    kind = kind_of_target(str(path))
    if kind == "environment" and path.suffix.lower() in (".yml", ".yaml"):
        from conda_lockstep.lint.targets.kubernetes import holds_pods

        return "installs" if holds_pods(path) else kind
    return kind


def related(path: Path) -> TargetKind | None:
    """Return what a file is; None for one that is no environment file, no lock, and does not install packages."""
    name = str(path)
    kind = kind_of_target(name)
    if kind in ("lock", "installs"):
        return kind
    from conda_lockstep.environment.discover import is_environment_file
    from conda_lockstep.lint.targets.kubernetes import holds_pods

    if is_environment_file(Path(), name.replace("\\", "/")):
        return "environment"
    return "installs" if path.suffix.lower() in (".yml", ".yaml") and holds_pods(path) else None


def parse_text(text: str, path: str) -> Target:
    """Parse a text as the target that its path names. Raises :class:`UnreadableFileError`."""
    return _target_type(kind_of_target(path)).parse(text, path)


def kind_of_target(path: str) -> TargetKind:
    """Return what a file is, by its name; a name that is neither a lock's nor a script's is an environment file's."""
    if is_lock(path):
        return "lock"
    if path.endswith((".txt", ".in")):
        return "requirements"
    if path.endswith((".yml", ".yaml")) and not any(mark in path for mark in _OF_CI):
        return "environment"
    from conda_lockstep.lint.targets.install_script.kinds import kind_of

    return "installs" if kind_of(path.replace("\\", "/")) else "environment"


_OF_CI = (
    ".github", "action.y", "gitlab", "pipelines", "travis", ".drone", "woodpecker", "cloudbuild", "buildspec",
    "appveyor", ".cirrus", "readthedocs", ".circleci", ".buildkite",
)  # fmt: skip
"""What stands in the path of every YAML file that goes by the name of a workflow; looked for before any pattern."""


def _target_type(kind: TargetKind) -> type[EnvironmentTarget | LockTarget | InstallTarget]:
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
