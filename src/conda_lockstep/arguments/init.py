"""``lockstep init``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

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
        help=f"a workflow to put in, may be repeated: {', '.join(WORKFLOWS)}; default: pull-request",
    )  # fmt: skip
    parser.add_argument(
        "--merge-driver", action="store_true", help="set up the merge driver for locks, and nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.environment import init

    if arguments.merge_driver:
        return init.run_merge_driver(Path.cwd(), dry=arguments.diff)
    return init.run(
        Path.cwd(),
        with_hooks=not arguments.no_hooks,
        with_workflows=not arguments.no_workflows,
        dry=arguments.diff,
        named=arguments.workflow,
    )
