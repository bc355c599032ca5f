"""``lockstep build``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_common(parser)
    parser.add_argument("--untrusted", metavar="REASON", default="", help=argparse.SUPPRESS)
    parser.add_argument("--solve", action="store_true", help="make the lock first, where there is none")
    parser.add_argument(
        "--prove",
        action="store_true",
        help="hash every file that is linked, also those that were in the cache",
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """Declare what ``build`` and ``sync`` both take."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="an environment file or a lock; default: environment.yml",
    )
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default="",
        help="take the lock for this machine; default: what fits this node",
    )
    parser.add_argument("--prefix", required=True, type=Path, metavar="DIR", help="the environment's folder")
    parser.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="keep all that is fetched here; default: rattler's and uv's own",
    )
    parser.add_argument(
        "--run-link-scripts",
        action="store_true",
        help="run the scripts that packages bring for when they are linked",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix import build
    from conda_lockstep.conda.trust import Trust

    return build.run(
        arguments.file, arguments.prefix, Trust(arguments.untrusted), machine=arguments.machine, solve=arguments.solve,
        cache=arguments.cache_dir, link_scripts=arguments.run_link_scripts,
        prove=arguments.prove,
    )  # fmt: skip
