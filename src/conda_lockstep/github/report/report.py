"""The reporting step: writes summary, outputs and comment. It executes nothing of the change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TextIO

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.base import CommitRange, find_commit_range
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner, without_paths
from conda_lockstep.github.event.trust import may_comment
from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT, quoted, write_outputs, write_summary
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import MAX_TEXT, Handoff, without_causes
from conda_lockstep.github.publish.comment import BODY_LIMIT, CommentOutcome, Draft, State, publish
from conda_lockstep.github.publish.lock_update import LockUpdate, update
from conda_lockstep.github.publish.patch import FILE_NAME as PATCH
from conda_lockstep.github.report import wording
from conda_lockstep.github.report.budget import annotate
from conda_lockstep.github.report.gate import GateResult, Rules, compare_with_base, environment_ids
from conda_lockstep.github.report.outputs import outputs_of
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.render.findings.annotations import annotation
from conda_lockstep.text.printable import visible

REPORT = "report.json"


def report(event: Event, runner: Runner, inputs: Inputs, out: TextIO) -> int:
    """Compare, write everything, comment if that is allowed, and return the exit status."""
    handoff = _received(runner.folder / handoffs.FILE_NAME)
    github = GitHub(event.repository, inputs.token, runner.api_url) if inputs.token else None
    change = find_commit_range(
        event, runner.workspace, github, base_ref=inputs.base_ref, head_ref=inputs.head_ref
    )
    event = replace(event, pull_request=event.pull_request or change.pull_request)
    compared = compare_with_base(
        _with_causes_of(handoff, change),
        change,
        CommitFiles(runner.workspace, change.base, github),
        CommitFiles(runner.workspace, change.head),
        rules_of(inputs, runner.below),
        runner.folder,
    )
    compared = _without_paths(compared, runner)
    fresh = update(handoff, event, runner, inputs, github) if compared.touched else LockUpdate()
    _write(event, handoff, compared, fresh, runner, inputs)
    outcome = _comment(handoff, compared, fresh, event, runner, inputs, github)
    _tell(handoff, compared, outcome, out)
    return compared.status


def rules_of(inputs: Inputs, below: Path = Path()) -> Rules:
    """Return the inputs that decide what fails a check. ``below`` is the folder of the checkout that is checked."""
    return Rules(
        inputs.fail_on, inputs.missing_base, inputs.removed, inputs.require_lock, inputs.files, below
    )


def _with_causes_of(handoff: Handoff, change: CommitRange) -> Handoff:
    """Leave out causes that were found against another base, which this step knows by asking GitHub."""
    return handoff if handoff.base == change.base else without_causes(handoff)


def _without_paths(compared: GateResult, runner: Runner) -> GateResult:
    broken = tuple(without_paths(line, runner) for line in compared.broken)
    return replace(
        compared, broken=broken, warnings=tuple(without_paths(line, runner) for line in compared.warnings)
    )


def _tell(handoff: Handoff, compared: GateResult, outcome: CommentOutcome, out: TextIO) -> None:
    """Write to the log: what became of the comment, why the check fails, and the findings beside the code."""
    print(f"comment: {outcome}", file=out)
    with quoted(out):
        for line in wording.log_lines(handoff, compared):
            print(visible(line, limit=MAX_TEXT), file=out)
    if outcome.kind == "failed" or (outcome.kind == "created" and outcome.reason):
        print(annotation("warning", outcome.reason, title="no comment"), file=out)
    for line in (*compared.broken, *compared.failures):
        print(annotation("error", line, title="conda-lockstep"), file=out)
    for line in compared.warnings:
        print(annotation("warning", line, title="conda-lockstep"), file=out)
    # Findings in files that the change does not touch are nothing that its author did.
    touched = [each for each in handoff.remarks if compared.changed is None or each.path in compared.changed]
    for command in annotate(touched):
        print(command, file=out)


def _received(path: Path) -> Handoff:
    """Read the hand-off; a missing or damaged one is itself the result."""
    try:
        return handoffs.read(path)
    except LockstepError as error:
        return Handoff(failures=(str(error),))


def _write(
    event: Event, handoff: Handoff, compared: GateResult, fresh: LockUpdate, runner: Runner, inputs: Inputs
) -> None:
    path = runner.folder / REPORT
    path.write_text(drift_json.dumps(compared.report), encoding="utf-8")
    if runner.summary:
        text = wording.summary(handoff, compared, name=inputs.comment_id)
        write_summary(runner.summary, text + fresh.text(SUMMARY_LIMIT - len(text.encode()) - 1))
    if runner.outputs:
        # For the workflow that comments where this run may not.
        needed = event.pull_request is not None and not may_comment(event).allowed
        handed = str(runner.folder / handoffs.FILE_NAME) if needed else ""
        patch = str(runner.folder / PATCH) if fresh.patch else ""
        write_outputs(runner.outputs, {**outputs(compared, path), "handoff": handed, "patch": patch})


def outputs(compared: GateResult, path: Path) -> dict[str, str]:
    """Return the outputs of the Action; ``path`` is the report as JSON."""
    return outputs_of(compared.report, compared.identities, path)


def _comment(
    handoff: Handoff,
    compared: GateResult,
    fresh: LockUpdate,
    event: Event,
    runner: Runner,
    inputs: Inputs,
    github: GitHub | None,
) -> CommentOutcome:
    allowed = may_comment(event)
    pull = event.pull_request
    if not inputs.comment:
        return CommentOutcome("skipped", reason="input 'comment' is false")
    if not allowed.allowed or pull is None:
        return CommentOutcome("skipped", reason=allowed.reason)
    if github is None:
        return CommentOutcome("failed", reason="no token to comment with")
    try:
        author = inputs.author or github.login()
    except LockstepError as error:
        return CommentOutcome(
            "failed", reason=f"{error}; or set the account that it comments as: 'author: my-app[bot]'"
        )
    state = State(runner.key, environment_ids(compared), runner.run, runner.attempt)
    body = wording.comment(handoff, compared, name=inputs.comment_id)
    body += fresh.text(BODY_LIMIT - len(body.encode()))
    draft = Draft(pull.number, pull.head_sha, author, body, state, fresh.pushed)
    # A check that fails gets a comment, whatever the change touches.
    return publish(github, draft, create=compared.touched or compared.status != 0)
