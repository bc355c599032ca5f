"""What the fake GitHub remembers: users, tokens, repositories, pull requests, comments, files."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

from tests.support.github.description import Description

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=timezone.utc)
BOT = "github-actions[bot]"
Access = Literal["none", "read", "write"]


@dataclass(frozen=True)
class Token:
    """A credential: who it speaks as, what it may do, and whether it belongs to an app's installation."""

    login: str = BOT
    permissions: Mapping[str, Access] = field(
        default_factory=lambda: {"contents": "read", "metadata": "read", "pull_requests": "write"}
    )
    installation: bool = True

    def may(self, permission: str, access: Access) -> bool:
        """Whether this token holds at least that access."""
        order = ("none", "read", "write")
        return order.index(self.permissions.get(permission, "none")) >= order.index(access)


@dataclass
class Comment:
    """One comment of an issue or pull request."""

    id: int
    number: int
    login: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class PullRequest:
    """One pull request; ``head_repository`` is empty where a fork was deleted."""

    number: int
    head_sha: str
    base_sha: str
    head_repository: str
    head_ref: str = "change"
    base_ref: str = "main"
    login: str = "octocat"
    state: str = "open"
    title: str = "A change"
    body: str = ""
    merged: bool = False
    merge_sha: str | None = None


@dataclass
class Issue:
    """One issue that is no pull request."""

    number: int
    login: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    state: str = "open"
    reason: str | None = None


@dataclass(frozen=True)
class Artifact:
    """What a run uploaded."""

    run: int
    name: str
    content: bytes
    expired: bool = False
    size: int = -1


@dataclass
class Repository:
    """One repository with all that hangs on it.

    ``files`` by (commit, path), ``parents`` each commit's one parent. ``git`` is a bare repository with its objects and
    branches, ``workflows`` those that can be dispatched; ``dispatched`` (workflow, branch) are those that were.
    ``actions_may_open`` is the setting by which Actions may open pull requests. ``merges`` are the two parents of a
    merge, ``links`` the (commit, path) that are links; ``truncated`` is whether a list of files is cut off.
    """

    full_name: str
    private: bool = False
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    git: Path | None = None
    workflows: set[str] = field(default_factory=set)
    dispatched: list[tuple[str, str]] = field(default_factory=list)
    actions_may_open: bool = True
    merges: dict[str, tuple[str, str]] = field(default_factory=dict)
    links: set[tuple[str, str]] = field(default_factory=set)
    truncated: bool = False

    def listed(self, commit: str) -> list[tuple[str, str, str]]:
        """The files of a commit: path, git's mode, the id of the blob."""
        return [
            (path, "120000" if (commit, path) in self.links else "100644", _blob(content))
            for (at, path), content in sorted(self.files.items())
            if at == commit
        ]

    def ancestors(self, commit: str) -> list[str]:
        """A commit and all before it, the newest first."""
        found = [commit]
        while (parent := self.parents.get(found[-1])) is not None:
            found.append(parent)
        return found


class State:
    """Everything the server answers from. ``now`` moves on by a second with each change."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self._ids = itertools.count(1000)
        self._seconds = itertools.count(1)

    def now(self) -> datetime:
        """A moment later than all before."""
        return EPOCH + timedelta(seconds=next(self._seconds))

    def repository(self, full_name: str) -> Repository:
        """The repository of this name, made when first asked for."""
        return self.repositories.setdefault(full_name.lower(), Repository(full_name))

    def comment(self, repository: Repository, number: int, login: str, body: str) -> Comment:
        """Add a comment as this user."""
        now = self.now()
        comment = Comment(next(self._ids), number, login, body, now, now)
        repository.comments[comment.id] = comment
        return comment


class Renderer:
    """Turns state into GitHub's JSON: the description's own example, overlaid with what is known."""

    def __init__(self, description: Description, base: str) -> None:
        self._description = description
        self._base = base

    def user(self, login: str) -> dict[str, Any]:
        """A simple user; names that end in ``[bot]`` are bots."""
        return {
            **self._description.example("simple-user"),
            "login": login,
            "id": int(hashlib.sha256(login.encode()).hexdigest()[:7], 16),
            "type": "Bot" if login.endswith("[bot]") else "User",
            "url": f"{self._base}/users/{login}",
        }

    def authenticated_user(self, login: str) -> dict[str, Any]:
        """The user of a personal token."""
        example = "private-user-response-with-public-and-private-profile-information"
        return {**self._description.example(example), "login": login}

    def comment(self, repository: Repository, comment: Comment) -> dict[str, Any]:
        """An issue comment."""
        path = f"{self._base}/repos/{repository.full_name}"
        page = f"https://github.com/{repository.full_name}/pull/{comment.number}"
        return {
            **self._description.example("issue-comment"),
            "id": comment.id,
            "url": f"{path}/issues/comments/{comment.id}",
            "issue_url": f"{path}/issues/{comment.number}",
            "html_url": f"{page}#issuecomment-{comment.id}",
            "body": comment.body,
            "user": self.user(comment.login),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "author_association": "CONTRIBUTOR",
            "performed_via_github_app": None,
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        """A repository."""
        owner, name = repository.full_name.split("/")
        full = self._description.example("full-repository-default-response")
        for fork_part in ("source", "parent", "template_repository"):
            full.pop(fork_part, None)
        return {
            **full,
            "name": name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.user(owner),
            "fork": False,
            "language": None,
        }

    def pull_request(self, repository: Repository, pull: PullRequest) -> dict[str, Any]:
        """A pull request."""
        value = self._description.example("pull-request")
        value["requested_teams"] = []
        value |= {"number": pull.number, "state": pull.state, "user": self.user(pull.login)}
        value |= {"title": pull.title, "body": pull.body, "merged": pull.merged}
        value |= {"html_url": f"https://github.com/{repository.full_name}/pull/{pull.number}"}
        value["merged_at"] = stamp(EPOCH) if pull.merged else None
        value |= {"merge_commit_sha": pull.merge_sha}
        value["base"] |= {"ref": pull.base_ref, "sha": pull.base_sha}
        value["base"]["repo"] |= {"full_name": repository.full_name}
        value["head"] |= {"ref": pull.head_ref, "sha": pull.head_sha}
        if pull.head_repository:
            value["head"]["repo"] |= {"full_name": pull.head_repository}
        else:
            value["head"]["repo"] = None
        return dict(value)

    def simple_pull_request(self, repository: Repository, pull: PullRequest) -> dict[str, Any]:
        """A pull request as lists show it."""
        [value] = self._description.example("pull-request-simple-items")
        full = self.pull_request(repository, pull)
        names = ("number", "state", "user", "title", "body", "html_url", "merged_at", "merge_commit_sha")
        value |= {name: full[name] for name in names} | {"requested_teams": []}
        for side in ("head", "base"):
            value[side] |= {name: full[side][name] for name in ("ref", "sha")}
            if full[side]["repo"] is None:
                value[side]["repo"] = None
            else:
                value[side]["repo"] |= {"full_name": full[side]["repo"]["full_name"]}
        return dict(value)

    def issue(self, repository: Repository, issue: Issue) -> dict[str, Any]:
        """An issue."""
        value = self._description.example("issue")
        value.pop("pull_request", None)
        label = self._description.example("label")
        return {
            **value,
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "state_reason": issue.reason,
            "user": self.user(issue.login),
            "labels": [{**label, "name": name} for name in issue.labels],
            "html_url": f"https://github.com/{repository.full_name}/issues/{issue.number}",
        }

    def artifact(self, number: int, artifact: Artifact) -> dict[str, Any]:
        """An artifact of a run."""
        value = self._description.example("artifact-paginated")["artifacts"][0]
        size = len(artifact.content) if artifact.size < 0 else artifact.size
        return {
            **value,
            "id": number,
            "name": artifact.name,
            "size_in_bytes": size,
            "expired": artifact.expired,
        }

    def example(self, name: str) -> Any:
        """A fresh copy of the description's example of this name."""
        return self._description.example(name)

    def file(self, repository: Repository, commit: str, path: str, content: bytes) -> dict[str, Any]:
        """A file's content, as JSON."""
        return {
            **self._description.example("content-file-response-if-content-is-a-file"),
            "name": path.rpartition("/")[2],
            "path": path,
            "size": len(content),
            "content": base64.encodebytes(content).decode(),
            "url": f"{self._base}/repos/{repository.full_name}/contents/{path}?ref={commit}",
        }


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()


def stamp(moment: datetime) -> str:
    """A moment as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
