"""The trust gate: whose change may be built where, and where a comment may be written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conda_lockstep.github.event.event import Event

DEPENDABOT = "dependabot[bot]"
# Events that only somebody with write access to the repository, or its own timetable, can bring about.
TRUSTED_EVENTS = frozenset(
    {"push", "merge_group", "schedule", "workflow_dispatch", "repository_dispatch", "pull_request"}
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or a no, with the reason in words that a reviewer understands."""

    allowed: bool
    reason: str


def may_build(event: Event, *, hosted: bool) -> Decision:
    """Decide whether this change may be built here.

    Building runs other people's code. GitHub's hosted runners are thrown away afterwards; a runner of one's own, with
    its GPUs and its network, is not: there only a change by somebody who can write to the repository is built.
    ``hosted`` is whether the runner says that it is GitHub's. Where an event gives the job this repository's rights, a
    stranger's change is not built there either: the job's later steps hold a token that writes.
    """
    distrust = reason_for_distrust(event)
    if not distrust:
        return Decision(True, "the change comes from this repository")
    if event.name not in TRUSTED_EVENTS:
        return Decision(False, f"{distrust}; such a change is never built")
    if hosted:
        return Decision(True, f"{distrust}; the runner is hosted by GitHub and thrown away afterwards")
    return Decision(False, f"{distrust}; it is built on runners hosted by GitHub only")


def may_comment(event: Event) -> Decision:
    """Decide whether this run can comment: GitHub gives forks and Dependabot a token that only reads.

    Source: https://docs.github.com/actions/reference/security/secure-use and
    https://docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions.
    """
    if event.name != "pull_request" or event.pull_request is None:
        return Decision(False, "there is no pull request to comment on")
    if event.is_fork:
        return Decision(False, "the pull request comes from a fork, whose runs cannot write")
    if DEPENDABOT in event.actors:
        return Decision(False, "Dependabot had a hand in it, whose runs cannot write")
    if not event.pull_request.is_open:
        return Decision(False, "the pull request is closed")
    return Decision(True, "the pull request is this repository's own")


def reason_for_distrust(event: Event) -> str:
    """Say why a change is not trusted, or nothing where it is.

    Dependabot is not: GitHub itself treats its runs like a fork's, since what it proposes was released by strangers.
    Neither is any event unknown here: many can be brought about by anybody who may comment.
    """
    if event.name not in TRUSTED_EVENTS:
        return f"'{event.name}' can run with this repository's rights on somebody else's change"
    if event.is_fork:
        return f"the pull request comes from {_fork(event)}"
    if DEPENDABOT in event.actors:
        return "Dependabot proposes what somebody else released"
    return ""


def _fork(event: Event) -> str:
    name = event.pull_request.head_repository if event.pull_request else ""
    return f"the fork {name}" if re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII) else "a fork"
