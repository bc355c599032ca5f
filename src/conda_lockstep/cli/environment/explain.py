"""``lockstep explain``: shows the documentation of a rule or a family."""

from __future__ import annotations

import argparse
import sys


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="RULE", help="a rule or a family, as 'lockstep rules' lists them")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return _explain(arguments.name)


def _explain(name: str) -> int:
    """Print the page of a rule or of a family as Markdown; raises ``LockstepError`` for an unknown name."""
    from conda_lockstep.lint.engine.registry import families
    from conda_lockstep.lint.engine.rule_pages import family_page, page
    from conda_lockstep.lint.engine.selection import find_rule

    sys.stdout.write(family_page(name) if name in families() else page(find_rule(name)))
    return 0
