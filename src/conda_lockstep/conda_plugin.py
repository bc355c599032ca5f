"""``conda lockstep …``: conda's plugin, which it loads at every start, and which therefore imports nothing of ours.

https://docs.conda.io/projects/conda/en/stable/dev-guide/plugins/subcommands.html
"""

from __future__ import annotations

from collections.abc import Iterator

from conda.plugins import hookimpl
from conda.plugins.types import CondaSubcommand


@hookimpl
def conda_subcommands() -> Iterator[CondaSubcommand]:
    """Tell conda of the subcommand; without ``configure_parser`` it hands on the arguments as they are."""
    yield CondaSubcommand(
        name="lockstep", summary="Keep conda environments identical on every GPU machine.", action=run
    )


def run(arguments: tuple[str, ...]) -> int:
    """Run a command line of lockstep; return its exit status."""
    from conda_lockstep.cli.main import leave_if_downloading, main

    status = main(arguments)
    leave_if_downloading(status)
    return status
