"""``lockstep init``: adds hooks, workflows or the merge driver to a repository, keeping existing content."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.cli.environment.init.planned_file import Planned

WORKFLOWS = ("pull-request", "fork-comment", "upstream", "refresh-locks", "machines", "cache")
"""Those of ``docs/workflows``, by their names there."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--diff", action="store_true", help="write nothing; print what would change")
    parser.add_argument("--no-hooks", action="store_true", help="leave .pre-commit-config.yaml alone")
    workflows = parser.add_mutually_exclusive_group()
    workflows.add_argument("--no-workflows", action="store_true", help="leave .github/workflows alone")
    workflows.add_argument(
        "--workflow", action="append", default=[], choices=WORKFLOWS, metavar="NAME",
        help=f"add this workflow; may be repeated: {', '.join(WORKFLOWS)}; default: pull-request",
    )  # fmt: skip
    parser.add_argument(
        "--merge-driver", action="store_true", help="set up the merge driver for locks, and nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if arguments.merge_driver:
        return set_up_merge_driver(Path.cwd(), dry=arguments.diff)
    return init_repository(
        Path.cwd(),
        with_hooks=not arguments.no_hooks,
        with_workflows=not arguments.no_workflows,
        dry=arguments.diff,
        named=arguments.workflow,
    )


def init_repository(
    folder: Path, *, with_hooks: bool, with_workflows: bool, dry: bool, named: Sequence[str] = ()
) -> int:
    """Write what a repository needs, or with ``dry`` print it as a diff; say what was done, and return 0.

    ``named`` are the workflows that are wanted, by default the one for pull requests. A second run changes nothing.
    Raises ``LockstepError`` before anything is written where a file cannot be read, or is not what it must be to be
    edited.
    """
    from importlib.metadata import version

    from conda_lockstep.cli.environment.init import pre_commit_config as hooks
    from conda_lockstep.cli.environment.init import workflows

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


def set_up_merge_driver(folder: Path, *, dry: bool) -> int:
    """Set up the merge driver for locks, and nothing else: in a file that git shares and in this clone's config."""
    from conda_lockstep.cli.environment.init import git_config as merge_driver

    root = _root(folder)
    _carry_out(root, [merge_driver.plan(root)], dry=dry)
    result = merge_driver.configure(root, dry=dry)
    print(f"git config: {result}", file=sys.stderr if dry else sys.stdout)
    if not dry:
        print(
            "next: commit .gitattributes; git shares no configuration, so every clone runs this command once"
        )
    return 0


def _root(folder: Path) -> Path:
    from conda_lockstep.render.paths import repository_root
    from conda_lockstep.text.resolve_path import resolve_path

    root = repository_root(resolve_path(folder))
    if not (root / ".git").exists():
        raise LockstepError("not in a git repository", where=str(folder), remedy="run 'git init' first")
    return root


def _carry_out(root: Path, planned: Sequence[Planned], *, dry: bool) -> None:
    """Write what is planned, or with ``dry`` print it as a diff; say what was done."""
    from conda_lockstep.cli.environment.init.planned_file import diff

    if dry:
        sys.stdout.write("".join(diff(each) for each in planned))
    else:
        _write(root, planned)
    for each in planned:
        print(f"{each.path.as_posix()}: {each.what}", file=sys.stderr if dry else sys.stdout)


def _write(root: Path, planned: Sequence[Planned]) -> None:
    from conda_lockstep.text.atomic import write_text

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
