"""The reporting step: writes summary, outputs and comment. It executes nothing of the change."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from conda_lockstep.drift.report import worst
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.base import Base, find_base
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.event.trust import may_comment
from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT, write_outputs, write_summary
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import Handoff
from conda_lockstep.github.publish.comment import BODY_LIMIT, CommentOutcome, Draft, State, publish
from conda_lockstep.github.publish.lock_update import LockUpdate, update
from conda_lockstep.github.publish.patch import FILE_NAME as PATCH
from conda_lockstep.github.report import wording
from conda_lockstep.github.report.gate import GateResult, compare_with_base, environment_ids
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.render.findings.annotations import annotation

REPORT = "report.json"


def report(event: Event, runner: Runner, inputs: Inputs, out: TextIO) -> int:
    """Compare, write everything, comment if that is allowed, and return the exit status."""
    handoff = _received(runner.folder / handoffs.FILE_NAME)
    github = GitHub(event.repository, inputs.token, runner.api_url) if inputs.token else None
    base = Base(runner.workspace, find_base(event, runner.workspace), github)
    pull = event.pull_request
    compared = compare_with_base(
        handoff,
        base,
        fail_on=inputs.fail_on,
        judge_drift=event.is_judged,
        base_name=f"origin/{pull.base_ref}" if pull else base.commit[:12],
    )
    fresh = update(handoff, event, runner, inputs, github) if compared.touched else LockUpdate()
    _write(event, handoff, compared, fresh, runner)
    outcome = _comment(handoff, compared, fresh, event, runner, inputs, github)
    print(f"comment: {outcome}", file=out)
    if outcome.kind == "failed" or (outcome.kind == "created" and outcome.reason):
        print(annotation("warning", outcome.reason, title="no comment"), file=out)
    for line in (*compared.broken, *compared.failures):
        print(annotation("error", line, title="conda-lockstep"), file=out)
    return compared.status


def _received(path: Path) -> Handoff:
    """Read the hand-off; a missing or damaged one is itself the result."""
    try:
        return handoffs.read(path)
    except LockstepError as error:
        return Handoff(failures=(str(error),))


def _write(event: Event, handoff: Handoff, compared: GateResult, fresh: LockUpdate, runner: Runner) -> None:
    path = runner.folder / REPORT
    path.write_text(drift_json.dumps(compared.report), encoding="utf-8")
    if runner.summary:
        text = wording.summary(handoff, compared)
        write_summary(runner.summary, text + fresh.text(SUMMARY_LIMIT - len(text.encode()) - 1))
    if runner.outputs:
        # For the workflow that comments where this run may not.
        needed = event.pull_request is not None and not may_comment(event).allowed
        handed = str(runner.folder / handoffs.FILE_NAME) if needed else ""
        patch = str(runner.folder / PATCH) if fresh.patch else ""
        write_outputs(runner.outputs, {**outputs(compared, path), "handoff": handed, "patch": patch})


def outputs(compared: GateResult, path: Path) -> dict[str, str]:
    """Return the outputs of the Action; ``path`` is the report as JSON."""
    report = compared.report
    evidence = report.evidence.reached if report.evidence else ()
    return {
        "drift": str(bool(report.rows)).lower(),
        "severity": worst(report.rows) or "",
        "environment-id": "\n".join("\t".join(identity) for identity in compared.identities),
        "report": str(path),
        "evidence": " ".join(step.replace(" ", "-") for step in evidence),
    }


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
    body = wording.comment(handoff, compared)
    body += fresh.text(BODY_LIMIT - len(body.encode()))
    draft = Draft(pull.number, pull.head_sha, author, body, state, fresh.pushed)
    return publish(github, draft, create=compared.touched or bool(compared.broken))
