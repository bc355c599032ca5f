"""``lockstep action``: runs the GitHub Action."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """The Action's inputs come through the environment: see action.yml."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.github import action

    return action.main()
