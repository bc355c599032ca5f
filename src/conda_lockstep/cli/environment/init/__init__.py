"""``lockstep init``: put hooks, workflows or the merge driver into a repository, keeping what is there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from conda_lockstep.cli.environment.init import (
    git_config as merge_driver,
)
from conda_lockstep.cli.environment.init import (
    pre_commit_config as hooks,
)
from conda_lockstep.cli.environment.init import (
    workflows,
)
from conda_lockstep.cli.environment.init.planned_file import Planned, diff
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.paths import repository_root
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.resolve_path import resolve_path


def run(folder: Path, *, with_hooks: bool, with_workflows: bool, dry: bool, named: Sequence[str] = ()) -> int:
    """Write what a repository needs, or with ``dry`` print it as a diff; say what was done, and return 0.

    ``named`` are the workflows that are wanted, by default the one for pull requests. A second run changes nothing.
    Raises ``LockstepError`` before anything is written where a file cannot be read, or is not what it must be to be
    edited.
    """
    root = _root(folder)
    tag = f"v{version('conda-lockstep')}"
    planned: list[Planned] = []
    if with_hooks:
        planned.append(hooks.plan(root, tag))
    if with_workflows:
        planned += workflows.plan(root, tag, named)
    _carry_out(root, planned, dry=dry)
    if with_hooks and not dry and planned[0].after != planned[0].before:
        print("next: pre-commit install && pre-commit run --all-files")
    return 0


def run_merge_driver(folder: Path, *, dry: bool) -> int:
    """Set up the merge driver for locks, and nothing else: in a file that git shares and in this clone's config."""
    root = _root(folder)
    _carry_out(root, [merge_driver.plan(root)], dry=dry)
    told = merge_driver.configure(root, dry=dry)
    print(f"git config: {told}", file=sys.stderr if dry else sys.stdout)
    if not dry:
        print(
            "next: commit .gitattributes; git shares no configuration, so every clone runs this command once"
        )
    return 0


def _root(folder: Path) -> Path:
    root = repository_root(resolve_path(folder))
    if not (root / ".git").exists():
        raise LockstepError("not in a git repository", where=str(folder), remedy="run 'git init' first")
    return root


def _carry_out(root: Path, planned: Sequence[Planned], *, dry: bool) -> None:
    """Write what is planned, or with ``dry`` print it as a diff; say what was done."""
    if dry:
        sys.stdout.write("".join(diff(each) for each in planned))
    else:
        _write(root, planned)
    for each in planned:
        print(f"{each.path.as_posix()}: {each.what}", file=sys.stderr if dry else sys.stdout)


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
