"""The reporting step of the upstream check: summary, outputs, the issue, and the pull request with fresh locks."""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from conda_lockstep.drift.report import Report, at_least
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.inputs import FailOn, Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.event.workflow_commands import write_outputs, write_summary
from conda_lockstep.github.handoff import upstream_handoff as findings_file
from conda_lockstep.github.handoff.upstream_handoff import Findings
from conda_lockstep.github.publish.comment import CommentOutcome, State
from conda_lockstep.github.publish.issue import Watch, keep
from conda_lockstep.github.publish.patch import FILE_NAME as PATCH
from conda_lockstep.github.publish.patch import patch_of
from conda_lockstep.github.publish.pull_request import Refresh, refresh
from conda_lockstep.github.report.outputs import outputs_of
from conda_lockstep.github.upstream import upstream_wording as wording
from conda_lockstep.github.upstream.upstream_wording import News
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.render.findings.annotations import annotation
from conda_lockstep.text.atomic import write_text

EVENTS = frozenset({"schedule", "workflow_dispatch", "repository_dispatch", "push"})
REPORT = "report.json"
KEY = "upstream"
BRANCH = "conda-lockstep/refresh-"


def refuse_others(event: Event) -> None:
    """Raise ``LockstepError`` on events that are about a change: this mode checks the repository's own locks."""
    if event.name not in EVENTS:
        remedy = "use it on 'schedule' and 'workflow_dispatch', as docs/workflows/upstream.yml does"
        raise LockstepError(f"mode 'upstream' is not for '{event.name}'", remedy=remedy)


def report_upstream(
    event: Event, runner: Runner, inputs: Inputs, out: TextIO, now: Callable[[], float] = time.time
) -> int:
    """Write everything, update the pull request and the issue, and return the exit status.

    1 for a change as severe as ``fail-on``, 2 if something could not be checked or written. ``now`` is the clock, in
    seconds since the epoch.
    """
    findings = _received(runner.folder / findings_file.FILE_NAME)
    moment = datetime.datetime.fromtimestamp(now(), datetime.timezone.utc)
    news = News(findings, moment, runner.page, event.schedule, patch=_patch(findings, runner, out))
    voice = _voice(event, runner, inputs, findings)
    if isinstance(voice, CommentOutcome):
        kept = voice
    else:
        news = replace(news, pull=voice.pull_request())
        kept = voice.issue(news)
    _write(news, kept, runner)
    return _conclude(news, kept, inputs.fail_on, out)


@dataclass(frozen=True, slots=True)
class _Voice:
    """The access to GitHub of one run, and the account that it writes as."""

    github: GitHub
    author: str
    event: Event
    runner: Runner
    inputs: Inputs
    findings: Findings

    def issue(self, news: News) -> CommentOutcome:
        """Update the issue."""
        if not self.inputs.comment:
            return CommentOutcome("skipped", reason="input 'comment' is false")
        watch = Watch(
            title=wording.title(news),
            found=wording.found(news),
            heartbeat=wording.heartbeat(news),
            clean=self.findings.clean,
            author=self.author,
            state=self._state(_news_id(self.findings)),
            failure=wording.failure(news),
        )
        return keep(self.github, watch)

    def pull_request(self) -> CommentOutcome | None:
        """Update the pull request; return None if none is requested."""
        if self.inputs.lock_update != "commit":
            return None
        refreshed = self.findings.refreshed
        # What could not be checked changes no lock, and does not keep the others from being refreshed. Without any
        # other, the pull request stays as it is: it is not known whether it is still needed.
        if self.findings.failures and not refreshed:
            return CommentOutcome("skipped", reason="the check failed, so no lock is changed")
        if not self.event.branch:
            return CommentOutcome("failed", reason="this run has no branch to refresh")
        wanted = Refresh(
            page=self.runner.page.partition("/actions/")[0],
            base=self.event.branch,
            base_sha=self.event.sha,
            branch=BRANCH + self.event.branch + ("" if self._key == KEY else f"-{self._key}"),
            files={each.path: each.after or None for each in refreshed},
            title=wording.PULL_REQUEST,
            body=wording.pull_request(self.findings, self.inputs.checks),
            author=self.author,
            state=self._state(_digest([[each.path, each.before, each.after] for each in refreshed])),
            checks=self.inputs.checks,
        )
        return refresh(self.github, wanted)

    @property
    def _key(self) -> str:
        """Return a name for the checked files, not the workflow: a repository has one issue, whatever updates it."""
        return _digest(sorted(self.inputs.files)) if self.inputs.files else KEY

    def _state(self, content: str) -> State:
        return State(self._key, content, self.runner.run, self.runner.attempt)


def _voice(event: Event, runner: Runner, inputs: Inputs, findings: Findings) -> _Voice | CommentOutcome:
    """Return the access to GitHub, or why there is none."""
    if event.default_branch and event.branch != event.default_branch:
        reason = f"the issue is for {event.default_branch}, but this run is for {event.branch or 'no branch'}"
        return CommentOutcome("skipped", reason=reason)
    if not inputs.token:
        return CommentOutcome("failed", reason="no token to write the issue with")
    github = GitHub(event.repository, inputs.token, runner.api_url)
    try:
        author = inputs.author or github.login()
    except LockstepError as error:
        reason = f"{error}; or set the account that it writes as: 'author: my-app[bot]'"
        return CommentOutcome("failed", reason=reason)
    return _Voice(github, author, event, runner, inputs, findings)


def _received(path: Path) -> Findings:
    """Read the findings; missing or damaged ones are themselves the result."""
    try:
        return findings_file.read(path)
    except LockstepError as error:
        return Findings(Report(()), failures=(str(error),))


def _news_id(findings: Findings) -> str:
    """Name the results, without dates and addresses: the same results have the same name."""
    moved = [
        [comparison.name, comparison.platform, *row.shown]
        for comparison in findings.report.comparisons
        for row in comparison.rows
    ]
    return _digest([moved, [*findings.failures]])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def _patch(findings: Findings, runner: Runner, out: TextIO) -> str:
    """Write the patch with the fresh locks to a file of its own, and return it; empty if there is none."""
    if not findings.refreshed:
        return ""
    try:
        text = patch_of(findings.refreshed, runner.folder)
    except LockstepError as error:
        print(annotation("warning", str(error), title="no patch"), file=out)
        return ""
    write_text(runner.folder / PATCH, text)
    return text


def _write(news: News, kept: CommentOutcome, runner: Runner) -> None:
    write_text(runner.folder / REPORT, drift_json.dumps(news.findings.report))
    if runner.summary:
        write_summary(runner.summary, wording.summary(news))
    if runner.outputs:
        write_outputs(runner.outputs, _outputs(news, kept, runner.folder))


def _outputs(news: News, kept: CommentOutcome, folder: Path) -> dict[str, str]:
    return {
        **outputs_of(news.findings.report, news.findings.identities, folder / REPORT),
        "issue": kept.url,
        "pull-request": news.pull.url if news.pull and news.pull.kind != "failed" else "",
        "patch": str(folder / PATCH) if news.patch else "",
    }


def _conclude(news: News, kept: CommentOutcome, fail_on: FailOn, out: TextIO) -> int:
    """Write the outcomes to the log, and return the exit status."""
    if news.pull is not None:
        print(f"pull request: {news.pull}", file=out)
        if news.pull.kind == "failed":
            print(annotation("warning", news.pull.reason, title="no pull request"), file=out)
    print(f"issue: {kept}", file=out)
    broken = [*news.findings.failures, *([kept.reason] if kept.kind == "failed" else [])]
    grave = () if fail_on == "never" else at_least(news.findings.report.rows, fail_on)
    lines = list(broken)
    if grave:
        lines.append(f"{len(grave)} change{'' if len(grave) == 1 else 's'} of severity {fail_on} or worse")
    for line in lines:
        print(annotation("error", line, title="conda-lockstep"), file=out)
    return 2 if broken else int(bool(grave))
