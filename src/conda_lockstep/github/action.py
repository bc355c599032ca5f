"""``lockstep action``: runs the step of the Action that ``LOCKSTEP_STEP`` names.

Each step imports only what it runs: the reporting step needs no solver, whose import takes longer than most of its
work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.event import Event, read_event
from conda_lockstep.github.event.inputs import STEPS, Inputs, read_inputs, resolve
from conda_lockstep.github.event.runner import Runner, at_checkout, hidden_paths, read_runner
from conda_lockstep.github.event.workflow_commands import quoted, write_summary
from conda_lockstep.render.escape import prose
from conda_lockstep.render.findings.annotations import annotation
from conda_lockstep.text.atomic import write_text

LIMIT = 2_000


FAILED = "failed.txt"
"""In the Action's folder: why the checking step could not begin. The reporting step tells it, once."""


def main() -> int:
    """Run a step. Return 0 for clean, 1 for findings or drift, 2 for an error.

    The checking step returns 0 whatever it finds: the reporting step decides.
    """
    try:
        return _run()
    except LockstepError as error:
        return _fail(error, os.environ)


def _run() -> int:
    inputs = read_inputs(os.environ)
    runner = read_runner(os.environ)
    event = read_event(os.environ)
    mode = resolve(inputs.mode, event.name)
    if inputs.step == "report" and (runner.folder / FAILED).is_file():
        raise LockstepError((runner.folder / FAILED).read_text(encoding="utf-8"))
    if mode == "comment":
        return _fork_comment(event, runner, inputs)
    if mode != "upstream" and event.pull_request is not None and not event.pull_request.is_open:
        print("the pull request is closed, so nothing is checked")
        return 0
    if mode == "upstream":
        return _watch(event, runner, inputs)
    runner = at_checkout(runner, inputs.working_directory)
    if inputs.step == "check":
        from conda_lockstep.github.check.check import check

        check(event, runner, inputs, sys.stdout)
        return 0
    from conda_lockstep.github.report.report import report

    return report(event, runner, inputs, sys.stdout)


def _fail(error: LockstepError, environment: Mapping[str, str]) -> int:
    """Report an error that leaves nothing to check: as one annotation and in the summary, by the reporting step."""
    folder = environment.get("LOCKSTEP_FOLDER", "")
    if not folder or environment.get("LOCKSTEP_STEP") not in STEPS:
        raise error
    workspace = environment.get("GITHUB_WORKSPACE", "")
    text = hidden_paths(str(error), Path(folder), Path(workspace or folder))
    if environment["LOCKSTEP_STEP"] == "check":
        with quoted(sys.stdout):
            print(text)
        write_text(Path(folder) / FAILED, text)
        return 0
    print(annotation("error", text, title="conda-lockstep"))
    summary = environment.get("GITHUB_STEP_SUMMARY", "")
    if summary:
        write_summary(
            Path(summary), f"### ❌ The check could not be completed\n\n- {prose(text, limit=LIMIT)}"
        )
    return 2


def _fork_comment(event: Event, runner: Runner, inputs: Inputs) -> int:
    if inputs.step == "check":
        return 0
    from conda_lockstep.github.fork_comment.fork_comment import comment_on_fork

    return comment_on_fork(event, runner, inputs, sys.stdout)


def _watch(event: Event, runner: Runner, inputs: Inputs) -> int:
    from conda_lockstep.github.upstream import report_upstream as watch

    watch.refuse_others(event)
    runner = at_checkout(runner, inputs.working_directory)
    if inputs.step == "report":
        return watch.report_upstream(event, runner, inputs, sys.stdout)
    from conda_lockstep.github.upstream import solve_upstream as upstream

    upstream.look(runner, inputs, sys.stdout)
    return 0
