"""The folders of local projects: inside the repository, and read without following a link out of it."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.conda.project_source import Folder
from conda_lockstep.lock.pip.projects.entry import ProjectEntry, error_at
from conda_lockstep.lock.pip.projects.static_metadata import ReadFile
from conda_lockstep.lock.pip.requirement_lines import repository
from conda_lockstep.text.bounded_text import read_text
from conda_lockstep.text.resolve_path import resolve_path


def folder_of(path: str, entry: ProjectEntry) -> Path:
    """Return the folder of a local project. Raises ``LockstepError`` where it is not in the repository, or empty."""
    if not isinstance(entry.reference, Folder):
        raise TypeError("the entry names no folder")
    here = Path(path).parent
    folder = here / entry.reference.path
    real, root = resolve_path(folder), repository(resolve_path(here))
    if not real.is_relative_to(root) or ".git" in real.relative_to(root).parts:
        what = "it is not in this repository, so other machines do not have it"
        raise error_at(entry, what, "add it to the repository, or write its git URL")
    if not folder.is_dir():
        what = f"there is no folder {entry.reference.path} beside {Path(path).name}"
        raise error_at(entry, what, "write the path from the environment file's folder")
    if not any(folder.iterdir()):
        raise error_at(entry, "the folder is empty", "if it is a submodule, run: git submodule update --init")
    return folder


def reader_of(folder: Path) -> ReadFile:
    """Return a reader of a project's files: those inside the folder, none through a link that leads out of it."""
    root = resolve_path(folder)

    def read(name: str) -> str | None:
        path = folder / name
        if not path.is_file() or not resolve_path(path).is_relative_to(root):
            return None
        return read_text(path)

    return read
