"""Reads environment files: the plain kind line by line, any other through YAML nodes."""

from __future__ import annotations

from pathlib import Path

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.plain_reader import read_plain
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import decode, read_bytes
from conda_lockstep.text.source import Source, UnreadableFileError

MAX_ENTRIES = 2_000
"""What the lists of a file may hold, all together: rules compare entries with each other. Exports have hundreds."""


def read(path: Path, *, shown_as: str | None = None) -> EnvironmentFile:
    """Read an environment file.

    Raises :class:`UnreadableFileError` for what is no UTF-8 YAML mapping, and ``LockstepError`` where there is
    no such file.
    """
    shown = shown_as if shown_as is not None else str(path)
    if path.suffix == ".toml":
        raise _refused_manifest(path.name, shown)
    return parse(decode(read_bytes(path, shown), shown), shown)


def parse(text: str, path: str) -> EnvironmentFile:
    """Read the text of an environment file; raises :class:`UnreadableFileError`."""
    source = Source.of(path, text)
    file = read_plain(source)
    if file is None:
        from conda_lockstep.environment.node_reader import read_nodes

        file = read_nodes(source)
    _refuse_too_many(file)
    return file


def _refuse_too_many(file: EnvironmentFile) -> None:
    pip = sum(len(section.items) for section in file.pip_sections)
    lists = (
        file.channels.items,
        file.dependencies,
        file.variables,
        file.platforms,
        file.pip_repositories,
        file.keys,
    )
    if pip + sum(len(entries) for entries in lists) > MAX_ENTRIES:
        what = f"more than {MAX_ENTRIES:,} entries: not an environment file"
        raise UnreadableFileError(what, file.source, 0, remedy="pass the right file")


def _refused_manifest(name: str, shown: str) -> LockstepError:
    """Return the error for a TOML file, which people name where they mean the environment of a project."""
    tool = {"pixi.toml": "pixi", "conda.toml": "conda-workspaces"}.get(name, "")
    what = f"is a manifest of {tool}, not an environment file" if tool else "is not an environment file"
    remedy = "pass the environment file, such as environment.yml"
    if tool == "pixi":
        remedy = "write an environment file with 'pixi workspace export conda-environment', and pass that"
    return LockstepError(what, where=shown, remedy=remedy)
