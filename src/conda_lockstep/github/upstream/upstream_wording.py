"""The watch's own words around its report: what has moved, what failed, when it was looked last.

Every text that may come from a channel goes through ``report.escape``.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT
from conda_lockstep.github.handoff.upstream_handoff import Findings
from conda_lockstep.github.publish.comment import BODY_LIMIT, CommentOutcome
from conda_lockstep.github.publish.patch import shown
from conda_lockstep.render.drift import markdown
from conda_lockstep.render.escape import code, prose

MOVED = "Upstream has moved since the conda locks were made"
FAILED = "The upstream watch of the conda locks fails"
PULL_REQUEST = "Refresh the conda locks"
NOT_STARTED = (
    "GitHub starts no workflow for what a workflow's own token pushes: close and reopen this to check it."
)
FAILURES_SHOWN = 20
ROOM = 8_000
"""Bytes of an issue that are kept for what failed, for the pull request and for the heartbeat."""


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell: what was found at ``moment`` by the run with this ``page``, as its ``schedule`` says.

    ``pull`` is what became of the pull request, None where none is kept; ``patch`` is to be shown where it fits.
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
    """Return what was found, for the issue; empty where nothing could be looked at."""
    if not news.findings.report.comparisons:
        return ""
    room = BODY_LIMIT - ROOM
    patch = _patch(news, room // 2)
    report = _report(news.findings, room - len(patch.encode()))
    return "\n\n".join(filter(None, (_intro(news), report.strip(), _pull(news), patch)))


def failure(news: News) -> str:
    """Return what failed, when and where; empty where nothing did."""
    failures = news.findings.failures
    if not failures:
        return ""
    lines = [f"- {prose(line)}" for line in failures[:FAILURES_SHOWN]]
    if failures[FAILURES_SHOWN:]:
        lines.append(f"- and {len(failures) - FAILURES_SHOWN} more, in the log of the run")
    held = "\n".join(lines)
    so = "What follows is what was seen before." if not news.findings.report.comparisons else ""
    first = f"❌ **The look at the channels of {_when(news)} ([its run]({news.page})) failed.** {so}".rstrip()
    return f"{first}\n\n{held[: ROOM // 2]}"


def heartbeat(news: News) -> str:
    """Return when it was looked last, and how to tell that it no longer is."""
    if not news.findings.report.comparisons:
        return "No look has succeeded so far."
    by = f", on the schedule {code(news.schedule)} (UTC)" if news.schedule else ""
    return (
        f"Looked last on **{_when(news)}** ([run]({news.page}){by}). An older date than the schedule allows means that"
        " it is dead: GitHub ends the schedules of a repository after 60 days without activity."
    )


def summary(news: News) -> str:
    """Return the job summary."""
    patch = _patch(news, SUMMARY_LIMIT // 4)
    report = _report(news.findings, SUMMARY_LIMIT // 2) if news.findings.report.comparisons else ""
    return "\n\n".join(filter(None, (failure(news), report.strip(), _pull(news), patch))) + "\n"


def pull_request(findings: Findings, checks: tuple[str, ...]) -> str:
    """Return the text of the pull request. It names no run and no time: the same locks are the same text."""
    locks = ", ".join(code(each.path) for each in findings.refreshed)
    told = f"{locks}: what `lockstep lock --update-all` writes today."
    started = ", ".join(map(code, checks))
    note = f"Started on this branch: {started}." if started else NOT_STARTED
    return "\n\n".join((told, _report(findings, BODY_LIMIT - ROOM).strip(), note))


def _intro(news: News) -> str:
    if not news.findings.report.rows:
        return ""
    return "A lock made today would not be what is committed:"


def _report(findings: Findings, budget: int) -> str:
    return markdown.render(findings.report, budget=budget, elsewhere="The summary of the run has all of it.")


def _pull(news: News) -> str:
    pull = news.pull
    if pull is None:
        return ""
    if pull.kind == "failed":
        link = "open one by hand" if "/compare/" in pull.url else "it is left as it was"
        there = f" ([{link}]({pull.url}))" if pull.url else ""
        return f"⚠️ The fresh locks are in no pull request{there}: {prose(pull.reason)}."
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
