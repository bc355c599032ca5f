"""The settings that judge a change: those of its base. A change cannot switch off the rule that would fail it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from conda_lockstep.config import FILE_NAME, PYPROJECT, Config
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.commits import TreeEntry
from conda_lockstep.github.event.commit_files import CommitFiles

# The other settings describe what is checked: machines, platforms, mirrors. A lock is made for them, and changes
# together with them.
JUDGING = (
    "exclude",
    "select",
    "ignore",
    "extend_select",
    "per_file_ignores",
    "severity",
    "channel_order",
    "name_pattern",
    "pip_allow",
    "install_allow",
    "pin_precision",
    "cpu_allow",
)
DESCRIBING = ("mirrors", "pypi_index", "platforms", "machines", "min_age")

Trees: TypeAlias = Mapping[str, TreeEntry]


def judged_by_base(
    config: Config, base: CommitFiles, folder: Path, paths: Container[str] | None = None
) -> Config:
    """Return settings of the change with those that judge taken from the base.

    ``folder`` is relative to the root of the repository, ``paths`` are the base's if they are known. Raises
    ``LockstepError`` if the base cannot be read.
    """
    try:
        found = settings_at(base, PurePosixPath(folder.as_posix()), paths)
    except InvalidSettingsError:
        # They judged nothing there, either. The defaults check everything.
        found = Config()
    judging = {name: getattr(found, name) for name in JUDGING}
    # What is solved anew obeys both.
    min_age = max(config.min_age, found.min_age)
    return config._replace(**judging, min_age=min_age, root=config.root or found.root)


def changed_settings(
    base: CommitFiles, head: CommitFiles, trees: tuple[Trees, Trees]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each settings file that a change touches, with the names of the settings that it changes.

    ``trees`` are the files of base and head by path.
    """
    old, new = trees
    for path in sorted(old.keys() | new.keys()):
        if PurePosixPath(path).name not in (FILE_NAME, PYPROJECT) or old.get(path) == new.get(path):
            continue
        before, after = _read(base, path), _read(head, path)
        if isinstance(before, Config) and isinstance(after, Config):
            names = [
                name for name in (*JUDGING, *DESCRIBING) if getattr(before, name) != getattr(after, name)
            ]
        else:
            names = ["(it cannot be read)"]
        if names:
            yield path, tuple(name.replace("_", "-") for name in names)


def settings_at(files: CommitFiles, folder: PurePosixPath, paths: Container[str] | None = None) -> Config:
    """Return the settings nearest to a folder of a commit, as :func:`conda_lockstep.settings.load` does.

    Raises ``InvalidSettingsError`` for settings that cannot be read, ``LockstepError`` for a commit that cannot be.
    """
    from conda_lockstep.settings_reader import read

    for place in (folder, *folder.parents):
        for name in (FILE_NAME, PYPROJECT):
            path = place / name
            content = files.read(path.as_posix()) if paths is None or path.as_posix() in paths else None
            if content is None or (name == PYPROJECT and b"lockstep" not in content):
                continue
            try:
                config = read(content, (files.workspace or Path()) / path)
            except LockstepError as error:
                raise InvalidSettingsError(error.what, where=path.as_posix(), remedy=error.remedy) from error
            if config is not None:
                return config
    return Config()


class InvalidSettingsError(LockstepError):
    """The settings of a commit cannot be read."""


def _read(files: CommitFiles, path: str) -> Config | None:
    """Return the settings of one file; None if they cannot be read."""
    from conda_lockstep.settings_reader import read

    content = files.read(path)
    try:
        return (read(content, Path(path)) if content is not None else None) or Config()
    except LockstepError:
        return None
