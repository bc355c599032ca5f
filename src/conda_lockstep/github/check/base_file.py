"""Writes an environment file of the base commit, with the requirements files that it names, to solve it again."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from conda_lockstep.conda.project_source import Folder
from conda_lockstep.environment.pip_lines import logical_lines, options, split_options
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.lock.pip.requirement_lines import lines_of
from conda_lockstep.lock.pip.requirements import read_pip_part
from conda_lockstep.text.atomic import write_text

MAX_FILES = 50
"""The most files of one environment."""
_INCLUDES = ("--requirement", "--constraint")
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py", "PKG-INFO", "requirements.txt")


def write_base_file(base: CommitFiles, path: Path, folder: Path) -> Path | None:
    """Write the environment file of a path in the repository below ``folder``, at that path; None if there was none.

    Raises ``LockstepError`` for a file that cannot be read, and if the commit cannot be read.
    """
    content = base.read(path.as_posix())
    if content is None:
        return None
    text = content.decode("utf-8", "replace")
    # The files that it names are read from its repository only, and this folder stands for that.
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    target = _write(folder, path.as_posix(), text)
    named = (line.text for line in lines_of(parse(text, path.as_posix()), []))
    left = [*_included(named, path.as_posix())]
    seen: set[str] = set()
    while left and len(seen) < MAX_FILES:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        if (included := base.read(name)) is not None:
            text = included.decode("utf-8", "replace")
            _write(folder, name, text)
            left += _included((line.text for line in logical_lines(text)), name)
    _write_projects(base, folder, target)
    return target


def _write_projects(base: CommitFiles, folder: Path, target: Path) -> None:
    """Write the files that local projects state their metadata in."""
    for entry in read_pip_part(read(target)).projects[:MAX_FILES]:
        if not isinstance(entry.reference, Folder):
            continue
        place = posixpath.normpath((target.parent.relative_to(folder) / entry.reference.path).as_posix())
        for name in _METADATA if not place.startswith("..") else ():
            project = posixpath.normpath(posixpath.join(place, name))
            if (content := base.read(project)) is not None:
                _write(folder, project, content.decode("utf-8", "replace"))


def _included(lines: Iterator[str], named_by: str) -> Iterator[str]:
    """Yield the paths in the repository that lines include; all others are refused when the file is solved."""
    for line in lines:
        _, behind = split_options(line)
        for option in options(behind):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(named_by), option.value))
            if option.name in _INCLUDES and not path.startswith(("../", "/")) and "://" not in option.value:
                yield path


def _write(folder: Path, path: str, text: str) -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    write_text(target, text)
    return target
