"""``lockstep sync``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse

from conda_lockstep.arguments.build import add_common


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_common(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only say what would be changed; exit status 1 where something would",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix import sync

    return sync.run(
        arguments.file, arguments.prefix, machine=arguments.machine, dry_run=arguments.dry_run,
        cache=arguments.cache_dir, link_scripts=arguments.run_link_scripts,
    )  # fmt: skip
