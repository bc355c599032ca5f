"""``lockstep action``: runs the step of the Action that ``LOCKSTEP_STEP`` names.

Each step imports only what it runs: the reporting step needs no solver, whose import takes longer than most of its
work.
"""

from __future__ import annotations

import os
import sys

from conda_lockstep.github.event.event import Event, read_event
from conda_lockstep.github.event.inputs import Inputs, read_inputs, resolve
from conda_lockstep.github.event.runner import Runner, read_runner


def main() -> int:
    """Run a step. Return 0 for clean, 1 for findings or drift, 2 for an error.

    The checking step returns 0 whatever it finds: the reporting step decides.
    """
    inputs = read_inputs(os.environ)
    runner = read_runner(os.environ)
    event = read_event(os.environ)
    mode = resolve(inputs.mode, event.name)
    if mode == "comment":
        return _fork_comment(event, runner, inputs)
    if mode == "upstream":
        return _watch(event, runner, inputs)
    if event.pull_request is not None and not event.pull_request.is_open:
        print("the pull request is closed, so nothing is checked")
        return 0
    if inputs.step == "check":
        from conda_lockstep.github.check.check import check

        check(event, runner, inputs, sys.stdout)
        return 0
    from conda_lockstep.github.report.report import report

    return report(event, runner, inputs, sys.stdout)


def _fork_comment(event: Event, runner: Runner, inputs: Inputs) -> int:
    if inputs.step == "check":
        return 0
    from conda_lockstep.github.fork_comment.fork_comment import comment_on_fork

    return comment_on_fork(event, runner, inputs, sys.stdout)


def _watch(event: Event, runner: Runner, inputs: Inputs) -> int:
    from conda_lockstep.github.upstream import report_upstream as watch

    watch.refuse_others(event)
    if inputs.step == "report":
        return watch.report_upstream(event, runner, inputs, sys.stdout)
    from conda_lockstep.github.upstream import solve_upstream as upstream

    upstream.look(runner, inputs, sys.stdout)
    return 0
