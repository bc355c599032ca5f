"""What ``lockstep action`` does: one of the Action's two steps, as ``LOCKSTEP_STEP`` says.

Each imports what it runs: the half that speaks needs no solver, which takes longer to load than most of what it does.
"""

from __future__ import annotations

import os
import sys

from conda_lockstep.github.event.event import Event, read_event
from conda_lockstep.github.event.inputs import Inputs, read_inputs, resolve
from conda_lockstep.github.event.runner import Runner, read_runner


def main() -> int:
    """Run a step; return 0 for clean, 1 for findings or drift, 2 for what could not be done.

    The step that executes returns 0 whatever it found: the step that reports has the last word.
    """
    inputs = read_inputs(os.environ)
    runner = read_runner(os.environ)
    event = read_event(os.environ)
    mode = resolve(inputs.mode, event.name)
    if mode == "comment":
        return _relay(event, runner, inputs)
    if mode == "upstream":
        return _watch(event, runner, inputs)
    if event.pull_request is not None and not event.pull_request.is_open:
        print("the pull request is closed: there is nothing to check")
        return 0
    if inputs.step == "check":
        from conda_lockstep.github.check.check import check

        check(event, runner, inputs, sys.stdout)
        return 0
    from conda_lockstep.github.report.report import report

    return report(event, runner, inputs, sys.stdout)


def _relay(event: Event, runner: Runner, inputs: Inputs) -> int:
    if inputs.step == "check":
        return 0
    from conda_lockstep.github.fork_comment.fork_comment import relay

    return relay(event, runner, inputs, sys.stdout)


def _watch(event: Event, runner: Runner, inputs: Inputs) -> int:
    from conda_lockstep.github.upstream import report_upstream as watch

    watch.refuse_others(event)
    if inputs.step == "report":
        return watch.tell(event, runner, inputs, sys.stdout)
    from conda_lockstep.github.upstream import solve_upstream as upstream

    upstream.look(runner, inputs, sys.stdout)
    return 0
