"""The trust gate: decides which changes are built where, and where a comment may be written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conda_lockstep.github.event.event import Event

DEPENDABOT = "dependabot[bot]"
# Events that only somebody with write access to the repository, or its own timetable, can bring about.
TRUSTED_EVENTS = frozenset(
    {"push", "merge_group", "schedule", "workflow_dispatch", "repository_dispatch", "pull_request"}
)

# Events whose runs can write a comment: that of a pull request of this repository, and those whose run on its branch
# GitHub says to be for a pull request.
COMMENTING = frozenset({"pull_request", "push", "workflow_dispatch"})


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or a no, with the reason in words that a reviewer understands."""

    allowed: bool
    reason: str


def may_build(event: Event, *, hosted: bool) -> Decision:
    """Decide whether this change may be built here.

    A build runs other people's code. GitHub's hosted runners are discarded afterwards. A self-hosted runner, with its
    GPUs and its network, is not: it builds only changes by users who can write to the repository. ``hosted`` is
    whether the runner reports that GitHub hosts it. If an event gives the job this repository's permissions, an
    untrusted change is not built on hosted runners either: later steps of the job have a token that writes.
    """
    distrust = reason_for_distrust(event)
    if not distrust:
        return Decision(True, "the change comes from this repository")
    if event.name not in TRUSTED_EVENTS:
        return Decision(False, f"{distrust}; such a change is never built")
    if hosted:
        return Decision(True, f"{distrust}; the runner is hosted by GitHub and discarded after the job")
    return Decision(False, f"{distrust}; it is built only on runners hosted by GitHub")


def may_comment(event: Event) -> Decision:
    """Decide whether this run can comment: GitHub gives forks and Dependabot a read-only token.

    Source: https://docs.github.com/actions/reference/security/secure-use and
    https://docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions.
    """
    if event.name not in COMMENTING or event.pull_request is None:
        return Decision(False, "no pull request to comment on")
    if event.is_fork:
        return Decision(False, "the pull request comes from a fork, and its runs have no write access")
    if DEPENDABOT in event.actors:
        return Decision(False, "Dependabot took part, and its runs have no write access")
    if not event.pull_request.is_open:
        return Decision(False, "the pull request is closed")
    return Decision(True, "the pull request comes from this repository")


def reason_for_distrust(event: Event) -> str:
    """Return why a change is not trusted, an empty text if it is.

    Dependabot is not trusted: GitHub treats its runs like those of a fork, since third parties released what it
    proposes. Unknown events are not trusted either: many can be triggered by anyone who may comment.
    """
    if event.name not in TRUSTED_EVENTS:
        return f"'{event.name}' can run with this repository's permissions on another user's change"
    if event.is_fork:
        return f"the pull request comes from {_fork(event)}"
    if DEPENDABOT in event.actors:
        return "Dependabot proposes releases by third parties"
    return ""


def _fork(event: Event) -> str:
    name = event.pull_request.head_repository if event.pull_request else ""
    return f"the fork {name}" if re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII) else "a fork"
