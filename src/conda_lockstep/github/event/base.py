"""Finds the base of a change: the commit that a run compares the checkout with, whatever started the run."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import commits
from conda_lockstep.github.client.api import GitHub, GitHubError, RequiredPermission, Values
from conda_lockstep.github.event.event import Event, PullRequest, pull_request
from conda_lockstep.github.event.git import git, run

PULLS = RequiredPermission("find the pull request", "pull-requests", "read")
PULL = RequiredPermission("read the pull request", "pull-requests", "read")
DEEPER = "check out with 'fetch-depth: 0', or pass a token"

# copy-pr-bot pushes a reviewed pull request of a fork to this branch of the repository itself.
# https://docs.gha-runners.nvidia.com/apps/copy-pr-bot/
_COPIED = re.compile(r"pull-request/(\d{1,9})")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CommitRange:
    """What a run judges: the commit that is checked out, ``head``, against ``base``.

    ``base`` is empty for the first commit of a repository, and if none was found: then ``missing`` says why.
    ``name`` is git's name for it in a clone. ``is_judged`` is false for a change that is merged already.
    ``pull_request`` is the one whose head is checked out, None if it is not known.
    """

    head: str = ""
    base: str = ""
    name: str = ""
    missing: str = ""
    is_judged: bool = True
    pull_request: PullRequest | None = None


def find_commit_range(
    event: Event, workspace: Path, github: GitHub | None = None, *, base_ref: str = "", head_ref: str = ""
) -> CommitRange:
    """Return the commits to compare. ``github`` is asked for what the checkout does not know, if it is given.

    ``base_ref`` and ``head_ref`` are the inputs of these names: a branch or the whole id of a commit. The head must
    be what is checked out, since that is what is looked at.
    """
    finder = _Finder(event, workspace, github)
    head = finder.head()
    try:
        if head_ref:
            finder.require(
                finder.resolve("head-ref", head_ref), f"the commit of input 'head-ref', {head_ref}"
            )
        return finder.named(base_ref) if base_ref else finder.found()
    except LockstepError as error:
        return CommitRange(head, missing=str(error), pull_request=event.pull_request)


@dataclass(frozen=True, slots=True)
class _Finder:
    event: Event
    workspace: Path
    github: GitHub | None

    def head(self) -> str:
        """Return the commit that is checked out, empty if there is none."""
        found = git(self.workspace, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return found.decode().strip() if found else ""

    def named(self, base_ref: str) -> CommitRange:
        """Return the change against a branch or commit that the workflow names."""
        head, target = self.head(), self.resolve("base-ref", base_ref)
        base = self._merge_base(target, head)
        self._require_merged(base)
        if base != head:
            name = base[:12] if _COMMIT.fullmatch(base_ref) else f"origin/{base_ref}"
            return CommitRange(head, base, name, pull_request=self.event.pull_request)
        if base_ref == self._default_branch():
            return self._merged()
        what = f"input 'base-ref' is '{base_ref}', which already contains the commit that is checked out"
        raise LockstepError(what, remedy="name the branch that the change is for")

    def found(self) -> CommitRange:
        """Return the change as the event, or GitHub, knows it."""
        event = self.event
        if event.pull_request is not None:
            return self._of(event.pull_request)
        # 'base_sha: The SHA of the merge group's parent commit.' A queue that merges by rebasing gives a group several
        # commits, so the base is not the first parent: https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group
        if event.name == "merge_group":
            self.require(event.sha, f"the commit of the event, {event.sha[:12]}")
            return CommitRange(self.head(), event.base_sha, event.base_sha[:12])
        pull = self._pull()
        if pull is not None:
            return self._of_copy(pull)
        # 'before: The SHA of the most recent commit on ref before the push.' All zeros for a new branch.
        if event.name == "push" and event.base_sha and not _COPIED.fullmatch(event.branch):
            self.require(event.sha, f"the commit of the event, {event.sha[:12]}")
            return CommitRange(self.head(), event.base_sha, event.base_sha[:12], is_judged=False)
        return self._of_branch()

    def require(self, commit: str, named: str) -> None:
        """Raise ``LockstepError`` if the checkout does not contain a commit: what is looked at is another change."""
        head = self.head()
        if not commit or commit in (head, *self._parents(head)):
            return
        done = run(self.workspace, "merge-base", "--is-ancestor", commit, head)
        if done is not None and done.returncode == 0:
            return
        what = f"the checkout is at {head[:12] or 'no commit'}, which does not contain {named}"
        raise LockstepError(what, remedy="check out the change: see input 'ref' of actions/checkout")

    def resolve(self, name: str, ref: str) -> str:
        """Return the commit of a branch or of its whole id; raises ``LockstepError`` if there is none."""
        if _COMMIT.fullmatch(ref):
            return ref
        if self.github is not None:
            # Without an answer, the checkout may know it.
            with suppress(GitHubError):
                head = commits.head_of(self.github, ref)
                if head is not None:
                    return head.sha
        for place in ("refs/remotes/origin/", "refs/heads/"):
            found = git(self.workspace, "rev-parse", "--verify", "--quiet", f"{place}{ref}^{{commit}}")
            if found:
                return found.decode().strip()
        raise LockstepError(
            f"input '{name}' is '{ref}', which is no branch of this repository",
            remedy="pass a branch, or the whole id of a commit" if self.github else DEEPER,
        )

    def _require_merged(self, base: str) -> None:
        """Raise ``LockstepError`` if a pull request would be compared with commits that are not merged themselves.

        A name of a branch may come from whoever opened it, and what that branch has would not be compared.
        """
        pull = self.event.pull_request
        if pull is None:
            return
        parents = self._parents(self.head())
        tip = parents[0] if len(parents) == 2 and parents[1] == pull.head_sha else pull.base_sha
        if self._merge_base(base, tip) != base:
            what = f"the commit {base[:12]} of input 'base-ref' is not part of {pull.base_ref}"
            raise LockstepError(what, remedy="name the branch that the pull request is for")

    def _of(self, pull: PullRequest) -> CommitRange:
        """Return the change of a pull request.

        ``actions/checkout`` checks it out as its merge with the base branch at that moment, which is ``GITHUB_SHA``:
        https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request.
        GitHub runs nothing while the two conflict, since there is no merge then. The base is the first
        parent of the merge, not the commit in the event: that may be older, and the difference other people's work. A
        shallow checkout knows the names of the parents as well.
        """
        head = self.head()
        self.require(pull.head_sha, f"the pull request's commit {pull.head_sha[:12]}")
        parents = self._parents(head)
        if len(parents) == 2 and parents[1] == pull.head_sha:
            base = parents[0]
        else:
            base = self._fork_point(pull.base_sha, head)
        return CommitRange(head, base, f"origin/{pull.base_ref}", pull_request=pull)

    def _of_copy(self, pull: PullRequest) -> CommitRange:
        """Return the change of a pull request whose branch was checked out, which may have moved on since."""
        head = self.head()
        base = self._merge_base(pull.base_sha, head)
        is_current = pull.head_sha == head
        return CommitRange(head, base, f"origin/{pull.base_ref}", pull_request=pull if is_current else None)

    def _fork_point(self, base: str, head: str) -> str:
        try:
            return self._merge_base(base, head)
        except LockstepError:
            # Its own history is not there. What others have merged since is then shown, too.
            return base

    def _pull(self) -> PullRequest | None:
        """Return the open pull request that is checked out: copy-pr-bot's copy, or a branch of this repository.

        A run that ``workflow_dispatch`` starts on a branch knows no pull request, but its result stands for one. None
        if there is none, or if the token may not read pull requests: then the default branch is the base.
        """
        event, github = self.event, self.github
        copied = _COPIED.fullmatch(event.branch)
        pushed = event.name == "push" and event.base_sha and not copied
        if github is None or not event.branch or event.branch == self._default_branch() or pushed:
            return None
        try:
            if copied:
                number = int(copied[1])
                pull = pull_request(github.object(github.call(PULL, "pulls.get", {"pull_number": number})))
                return pull if pull.is_open else None
            owner = event.repository.partition("/")[0]
            values: Values = {"state": "open", "head": f"{owner}:{event.branch}"}
            found = [pull_request(item) for item in github.pages(PULLS, "pulls.list", values)]
        except GitHubError:
            return None
        mine = [pull for pull in found if pull.head_repository.lower() == event.repository.lower()]
        if len({pull.base_ref for pull in mine}) > 1:
            branches = ", ".join(sorted(pull.base_ref for pull in mine))
            what = f"the pull requests of {event.branch} are for several branches ({branches})"
            raise LockstepError(what, remedy="pass the one to compare with as input 'base-ref'")
        return mine[0] if mine else None

    def _of_branch(self) -> CommitRange:
        """Return the change of a branch against the default branch; on that one, of its last commit."""
        default = self._default_branch()
        if not default:
            what = f"the event '{self.event.name}' does not name the default branch"
            raise LockstepError(what, remedy="pass the branch to compare with as input 'base-ref'")
        head = self.head()
        if self.event.branch == default and self.event.sha == head:
            return self._merged()
        base = self._merge_base(self.resolve("base-ref", default), head)
        return self._merged() if base == head else CommitRange(head, base, f"origin/{default}")

    def _merged(self) -> CommitRange:
        """Return the last commit of what is merged already. The first commit of a repository has no base."""
        head = self.head()
        parents = self._parents(head)
        base = parents[0] if parents else ""
        return CommitRange(head, base, base[:12], is_judged=False)

    def _default_branch(self) -> str:
        # 'Scheduled workflows run on the latest commit on the default branch.'
        # https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
        return self.event.default_branch or (self.event.branch if self.event.name == "schedule" else "")

    def _merge_base(self, one: str, other: str) -> str:
        found = git(self.workspace, "merge-base", one, other)
        if found:
            return found.decode().strip()
        if self.github is not None:
            return commits.merge_base(self.github, one, other)
        what = f"the checkout does not contain the history from {one[:12]} to {other[:12]}"
        raise LockstepError(what, remedy=DEEPER)

    def _parents(self, commit: str) -> list[str]:
        found = git(self.workspace, "cat-file", "commit", commit) if commit else None
        if found is None:
            return []
        header = found.partition(b"\n\n")[0].decode("utf-8", "replace")
        return [line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent ")]
