"""``lockstep init``: put the pre-commit hooks and the workflows into a repository, keeping what is there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from conda_lockstep.atomic import write_text
from conda_lockstep.commands.init import hooks, workflows
from conda_lockstep.commands.init.plan import Planned, diff
from conda_lockstep.errors import LockstepError
from conda_lockstep.report.paths import repository_root


def run(folder: Path, *, with_hooks: bool, with_workflows: bool, dry: bool) -> int:
    """Write what a repository needs, or with ``dry`` print it as a diff; say what was done, and return 0.

    A second run changes nothing. Raises ``LockstepError`` before anything is written where a file cannot be read, or
    is not what it must be to be edited.
    """
    root = repository_root(folder.resolve())
    if not (root / ".git").exists():
        raise LockstepError("not in a git repository", where=str(folder), remedy="run 'git init' first")
    tag = f"v{version('conda-lockstep')}"
    planned: list[Planned] = []
    if with_hooks:
        planned.append(hooks.plan(root, tag))
    if with_workflows:
        planned += workflows.plan(root, tag)
    if dry:
        sys.stdout.write("".join(diff(each) for each in planned))
    else:
        _write(root, planned)
    for each in planned:
        print(f"{each.path.as_posix()}: {each.what}", file=sys.stderr if dry else sys.stdout)
    if with_hooks and not dry and planned[0].after != planned[0].before:
        print("next: pre-commit install && pre-commit run --all-files")
    return 0


def _write(root: Path, planned: Sequence[Planned]) -> None:
    for each in planned:
        if each.after != each.before:
            path = root / each.path
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LockstepError(
                    f"cannot be made: {error.strerror}", where=str(each.path.parent)
                ) from None
            write_text(path, each.after)
