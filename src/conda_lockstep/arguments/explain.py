"""``lockstep explain``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="RULE", help="a rule or a family, as 'lockstep rules' lists them")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.environment import explain

    return explain.explain(arguments.name)
