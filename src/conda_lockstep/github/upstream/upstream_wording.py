"""The upstream check's own text around its report: what has changed, what failed, when it ran last.

Every text that may come from a channel goes through ``render.escape``.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT
from conda_lockstep.github.handoff.upstream_handoff import Findings
from conda_lockstep.github.publish.comment import BODY_LIMIT, CommentOutcome
from conda_lockstep.github.publish.patch import shown
from conda_lockstep.github.report.wording import fitting, reason
from conda_lockstep.render.drift import markdown
from conda_lockstep.render.escape import code, prose

MOVED = "Upstream has changed since the conda locks were made"
FAILED = "The upstream check of the conda locks fails"
PULL_REQUEST = "Refresh the conda locks"
NOT_STARTED = (
    "GitHub starts no workflows for pushes by a workflow's own token: close and reopen this to check it."
)
ROOM = 8_000
"""Bytes of an issue that are kept for what failed, for the pull request and for the heartbeat."""


@dataclass(frozen=True, slots=True)
class News:
    """The results at ``moment``, by the run with this ``page``, on its ``schedule``.

    ``pull`` is the outcome of the pull request, None if there is none; ``patch`` is shown if it fits.
    """

    findings: Findings
    moment: datetime.datetime
    page: str
    schedule: str = ""
    pull: CommentOutcome | None = None
    patch: str = ""


def title(news: News) -> str:
    """Return the title of the issue."""
    return FAILED if news.findings.failures else MOVED


def found(news: News) -> str:
    """Return the results, for the issue; empty if nothing could be checked."""
    if not news.findings.report.comparisons:
        return ""
    room = BODY_LIMIT - ROOM
    patch = _patch(news, room // 2)
    report = _report(news.findings, room - len(patch.encode()))
    return "\n\n".join(filter(None, (_intro(news), report.strip(), _pull(news), patch)))


def failure(news: News) -> str:
    """Return what failed, when and where; empty if nothing did."""
    failures = news.findings.failures
    if not failures:
        return ""
    held = fitting(map(reason, failures), ROOM // 2, "the run's log").rstrip()
    so = (
        "The results below are from the last successful check."
        if not news.findings.report.comparisons
        else ""
    )
    first = f"❌ **The check of the channels on {_when(news)} failed** ([run]({news.page})). {so}".rstrip()
    return f"{first}\n\n{held}"


def heartbeat(news: News) -> str:
    """Return when the check ran last, and how to recognise that it no longer runs.

    'In a public repository, scheduled workflows are automatically disabled when no repository activity has occurred in
    60 days': https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
    """
    if not news.findings.report.comparisons:
        return "No check has succeeded so far."
    by = f", on the schedule {code(news.schedule)} (UTC)" if news.schedule else ""
    return (
        f"Last checked on **{_when(news)}** ([run]({news.page}){by}). If this date is older than the schedule allows,"
        " the schedule has stopped: GitHub disables schedules after 60 days without activity in a repository."
    )


def summary(news: News) -> str:
    """Return the job summary."""
    patch = _patch(news, SUMMARY_LIMIT // 4)
    report = _report(news.findings, SUMMARY_LIMIT // 2) if news.findings.report.comparisons else ""
    return "\n\n".join(filter(None, (failure(news), report.strip(), _pull(news), patch))) + "\n"


def pull_request(findings: Findings, checks: tuple[str, ...]) -> str:
    """Return the text of the pull request. It names no run and no time: the same locks are the same text."""
    locks = ", ".join(code(each.path) for each in findings.refreshed)
    first = f"{locks}: the result of `lockstep lock --update-all` today."
    if findings.failures:
        number = len(findings.failures)
        first += f" {number} other check{'' if number == 1 else 's'} failed, see the issue: those locks are unchanged."
    started = ", ".join(map(code, checks))
    note = f"Started on this branch: {started}." if started else NOT_STARTED
    return "\n\n".join((first, _report(findings, BODY_LIMIT - ROOM).strip(), note))


def _intro(news: News) -> str:
    if not news.findings.report.rows:
        return ""
    return "A lock made today would differ from the committed one:"


def _report(findings: Findings, budget: int) -> str:
    return markdown.render(findings.report, budget=budget, elsewhere="The run's summary has the full report.")


def _pull(news: News) -> str:
    pull = news.pull
    if pull is None:
        return ""
    if pull.kind == "failed":
        link = "open one by hand" if "/compare/" in pull.url else "it is unchanged"
        there = f" ([{link}]({pull.url}))" if pull.url else ""
        return f"⚠️ No pull request has the fresh locks{there}: {prose(pull.reason)}."
    if not pull.url:
        return ""
    reason = f" ({prose(pull.reason)})" if pull.reason else ""
    return f"The fresh locks are in [a pull request]({pull.url}){reason}."


def _patch(news: News, room: int) -> str:
    # What is in a pull request need not be shown.
    if news.pull is not None and news.pull.kind != "failed":
        return ""
    return shown(news.patch, room)


def _when(news: News) -> str:
    return f"{news.moment:%Y-%m-%d %H:%M} UTC"
