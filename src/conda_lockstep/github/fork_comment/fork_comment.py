"""Comments on a change whose own run has no write access: from a fork or from Dependabot.

It checks out nothing and runs nothing of the change. Started by ``workflow_run``, it has a token that writes, and runs
the workflow of the default branch, which the change cannot touch:
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run. From
the run that it follows it takes one JSON file, and trusts only what :mod:`sanitize` accepts; GitHub says which pull
request it belongs to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from conda_lockstep.drift.report import Row
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import artifacts, commits
from conda_lockstep.github.client.api import GitHub, GitHubError, RequiredPermission
from conda_lockstep.github.event.base import CommitRange
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event, PullRequest, WorkflowRun, pull_request
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.event.trust import DEPENDABOT
from conda_lockstep.github.event.workflow_commands import write_summary
from conda_lockstep.github.fork_comment.sanitize import sanitize
from conda_lockstep.github.fork_comment.verify_handoff import Commits, Proof, plain, proven
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import Handoff, without_causes
from conda_lockstep.github.publish.comment import CommentOutcome, Draft, State, publish
from conda_lockstep.github.report import wording
from conda_lockstep.github.report.gate import GateResult, compare_with_base, environment_ids
from conda_lockstep.github.report.report import rules_of
from conda_lockstep.render.findings.annotations import annotation

# How a run ends that has looked; every other end, such as 'cancelled', says nothing about the change.
FINISHED = frozenset({"success", "failure", "timed_out"})
PULLS = RequiredPermission("find the pull request", "pull-requests", "read")
HEARSAY = (
    "the committed locks come from GitHub; findings, builds, causes and fresh solutions come from the pull request's"
    " own run, whose workflow the pull request may change"
)


def comment_on_fork(event: Event, runner: Runner, inputs: Inputs, out: TextIO) -> int:
    """Comment on the results of the run that ended. Returns 0 also if that fails: it is not a check."""
    for outcome in _outcomes(event, runner, inputs):
        print(f"comment: {outcome}", file=out)
        if outcome.kind == "failed":
            print(annotation("warning", outcome.reason, title="no comment"), file=out)
    return 0


def _outcomes(event: Event, runner: Runner, inputs: Inputs) -> Iterator[CommentOutcome]:
    run = event.workflow_run
    if run is None:
        remedy = "use it on 'workflow_run', as docs/workflows/fork-comment.yml does"
        raise LockstepError("mode 'comment' needs the run of a pull request", remedy=remedy)
    silence = _reason_for_silence(event, run)
    if silence:
        yield CommentOutcome("skipped", reason=silence)
        return
    if not inputs.token:
        yield CommentOutcome("failed", reason="no token to comment with")
        return
    github = GitHub(event.repository, inputs.token, runner.api_url)
    try:
        pulls = _pulls(github, run)
        if not pulls:
            yield CommentOutcome("skipped", reason="no open pull request has that run's commit as its head")
            return
        handoff = _received(github, run, inputs)
        for pull in pulls:
            yield _comment(github, run, pull, handoff, inputs, runner)
    except LockstepError as error:
        yield CommentOutcome("failed", reason=str(error))


def _reason_for_silence(event: Event, run: WorkflowRun) -> str:
    if run.event != "pull_request":
        return f"that run was started by '{run.event}', not by a pull request"
    if run.conclusion not in FINISHED:
        return f"that run ended as '{run.conclusion}'"
    if not run.head_repository:
        return "the fork of that run was deleted"
    if run.head_repository.lower() == event.repository.lower() and DEPENDABOT not in run.actors:
        return "the pull request comes from this repository, so its own run comments"
    return ""


def _pulls(github: GitHub, run: WorkflowRun) -> list[PullRequest]:
    """Return the open pull requests whose head is the commit of that run, in the repository that it came from."""
    head = f"{run.head_repository.partition('/')[0]}:{run.head_branch}"
    listed = (
        pull_request(item) for item in github.pages(PULLS, "pulls.list", {"state": "open", "head": head})
    )
    return [
        pull
        for pull in listed
        if pull.head_sha == run.head_sha and pull.head_repository.lower() == run.head_repository.lower()
    ]


def _received(github: GitHub, run: WorkflowRun, inputs: Inputs) -> Handoff:
    """Read the hand-off of that run; a missing or damaged one is itself the result."""
    try:
        content = artifacts.fetch(github, run.id, inputs.artifact, handoffs.FILE_NAME)
        if content is None:
            return Handoff(failures=("the check did not finish; see the log of its run",))
        return sanitize(handoffs.parse(content, handoffs.FILE_NAME))
    except LockstepError as error:
        if isinstance(error, GitHubError):
            raise
        # The words of such an error may be the sender's.
        return Handoff(failures=("the results of the check cannot be read; see the log of its run",))


def _comment(
    github: GitHub, run: WorkflowRun, pull: PullRequest, handoff: Handoff, inputs: Inputs, runner: Runner
) -> CommentOutcome:
    change = _change(github, pull, handoff.base)
    base, head = CommitFiles(None, change.base, github), CommitFiles(None, change.head, github)
    try:
        proof = proven(handoff, Commits(base, head, base.tree(), head.tree()))
    except LockstepError as error:
        if isinstance(error, GitHubError):
            raise
        # Nothing that the run says can be checked.
        proof = Proof(Handoff(failures=(str(error),)))
    handoff = proof.handoff if change.base == handoff.base else without_causes(proof.handoff)
    compared = _as_claimed(
        compare_with_base(handoff, change, base, head, rules_of(inputs), runner.folder, shown=plain)
    )
    remarks = (HEARSAY, *proof.remarks)
    if runner.summary:
        write_summary(runner.summary, wording.summary(handoff, compared, remarks, name=inputs.comment_id))
    author = inputs.author or github.login()
    body = wording.comment(handoff, compared, remarks, name=inputs.comment_id)
    draft = Draft(pull.number, pull.head_sha, author, body, _state(run, compared, inputs))
    create = compared.touched or compared.status != 0 or bool(proof.remarks)
    return publish(github, draft, create=create)


def _change(github: GitHub, pull: PullRequest, claimed: str) -> CommitRange:
    """Return the commits to compare: the merge that the run checked out with its base, else the head.

    The base of the head is where it branched off. 'workflow_run' names neither, and the event of the run may be older
    than the base branch; GitHub knows whether the merge has the base that the run claims.
    https://docs.github.com/rest/pulls/pulls#get-a-pull-request
    """
    name = f"origin/{pull.base_ref}"
    if claimed and pull.merge_sha:
        try:
            if commits.read(github, pull.merge_sha).parents == (claimed, pull.head_sha):
                return CommitRange(pull.merge_sha, claimed, name)
        except GitHubError as error:
            if error.status != 404:
                raise
    return CommitRange(pull.head_sha, commits.merge_base(github, pull.base_sha, pull.head_sha), name)


def _as_claimed(compared: GateResult) -> GateResult:
    """Mark each cause as that run's own claim, and let none excuse a change."""
    comparisons = tuple(
        replace(each, rows=tuple(_row_as_claimed(row) for row in each.rows))
        for each in compared.report.comparisons
    )
    return replace(compared, report=replace(compared.report, comparisons=comparisons), spared=0)


def _row_as_claimed(row: Row) -> Row:
    return row._replace(cause=f"{row.cause}, according to its own run") if row.cause else row


def _state(run: WorkflowRun, compared: GateResult, inputs: Inputs) -> State:
    named = "\n".join(filter(None, (run.path.partition("@")[0], inputs.artifact, inputs.comment_id)))
    key = hashlib.sha256(named.encode()).hexdigest()[:12]
    return State(key, environment_ids(compared), run.id, run.attempt)
