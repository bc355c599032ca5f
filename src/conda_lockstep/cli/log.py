"""``lockstep log``: shows how locks changed over the commits of a git repository."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.cli.report_output import write

if TYPE_CHECKING:
    from conda_lockstep.drift.history.history import History
    from conda_lockstep.drift.history.repository import Repository


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "locks", nargs="*", type=Path, metavar="LOCK",
        help="a lock, or its environment file; default: all locks that HEAD has in this folder",
    )  # fmt: skip
    parser.add_argument(
        "--package", action="append", default=[], metavar="NAME",
        help="show since when each version of a package is there; a name or a glob such as '*nccl*'",
    )  # fmt: skip
    parser.add_argument(
        "--since",
        default="",
        metavar="REV|DATE",
        help="only commits after a revision, or from a date such as 2025-12-31 (UTC) on",
    )
    parser.add_argument(
        "--environment",
        default="default",
        metavar="NAME",
        help="the environment of a pixi.lock; default: default",
    )
    parser.add_argument("--format", choices=("text", "json", "html"), default="text", help="default: text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return show_history(
        arguments.locks,
        packages=names(arguments.package),
        since=arguments.since,
        environment=arguments.environment,
        format=arguments.format,
        output=arguments.output,
        colour=arguments.output is None and terminal.use_color(arguments.color),
    )


SHOWN, UNREADABLE = 0, 2


def show_history(
    locks: Sequence[Path],
    *,
    packages: Sequence[str] = (),
    since: str = "",
    environment: str = "default",
    format: str = "text",  # noqa: A002
    output: Path | None = None,
    colour: bool = False,
) -> int:
    """Write the history of locks; return 2 where the last state of one cannot be read."""
    from conda_lockstep.drift.history.read_history import read_history
    from conda_lockstep.drift.history.repository import open_repository

    folder = _folder(locks)
    repository = open_repository(folder)
    history = read_history(
        repository,
        _paths(repository, locks),
        below=_below(repository, folder),
        since=since,
        packages=packages,
        environment=environment,
    )
    write(_rendered(history, format, colour=colour), output, format)
    return UNREADABLE if _complain(history) else SHOWN


def _rendered(history: History, format: str, *, colour: bool) -> str:  # noqa: A002
    if format == "json":
        from conda_lockstep.render.history import json as history_json

        return history_json.dumps(history)
    if format == "html":
        from conda_lockstep.render.history import html

        return html.render(history)
    from conda_lockstep.render.history import text

    return text.render(history, colour=colour)


def _complain(history: History) -> bool:
    """Print the locks whose last state cannot be read; return whether there are any."""
    from conda_lockstep.cli.which_files import complain
    from conda_lockstep.errors import LockstepError

    last = [(lock.path, lock.entries[-1].unreadable) for lock in history.locks if lock.entries]
    failures = [(path, reason) for path, reason in last if reason]
    for path, reason in failures:
        complain(LockstepError(f"the last state cannot be read: {reason}", where=path))
    return bool(failures)


def _folder(locks: Sequence[Path]) -> Path:
    """Return a folder in the repository: that of the first lock, or the current one if it is gone."""
    folder = locks[0].parent if locks else Path()
    return folder if folder.is_dir() else Path()


def _paths(repository: Repository, locks: Sequence[Path]) -> list[str]:
    """Return the paths of locks in the repository; an environment file means the locks next to it."""
    from conda_lockstep.drift.compare.operands import is_environment_file
    from conda_lockstep.lock.model.paths import lock_path, locks_of

    paths: dict[str, None] = {}
    for path in locks:
        own = (path,) if not is_environment_file(path) else locks_of([path])[path] or (lock_path(path),)
        paths |= {repository.relative(each): None for each in own}
    return list(paths)


def _below(repository: Repository, folder: Path) -> str:
    """Return the path of a folder in the repository with ``/`` at its end, empty for the top."""
    relative = repository.relative(folder / "x").removesuffix("x")
    return "" if repository.top is None else relative
