"""The operations of the fake GitHub on git's own data, by git itself, and on what is made of a branch."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.support.github.endpoints import ROUTES, Answer, Call, RefusalError, not_found, route
from tests.support.github.state import PullRequest

__all__ = ["ROUTES"]

IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
            (("NAME", "github-actions[bot]"), ("EMAIL", "bot@example.org"))}  # fmt: skip


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents", "read")
def get_ref(call: Call) -> Answer:
    return Answer(200, _ref(call, f"refs/{call.route['ref']}"))


@route("POST", "/repos/{owner}/{repo}/git/refs", "contents", "write")
def create_ref(call: Call) -> Answer:
    name, commit = call.body["ref"], call.body["sha"]
    if _exists(call, name):
        raise RefusalError(422, "Reference already exists")
    _git(call, "update-ref", name, commit)
    return Answer(201, _ref(call, name))


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", "contents", "write")
def update_ref(call: Call) -> Answer:
    name, commit = f"refs/{call.route['ref']}", call.body["sha"]
    if not _exists(call, name):
        raise RefusalError(422, "Reference does not exist")
    follows = _run(call, "merge-base", "--is-ancestor", name, commit).returncode == 0
    if not follows and not call.body.get("force"):
        raise RefusalError(422, "Update is not a fast forward")
    _git(call, "update-ref", name, commit)
    for pull in call.repository.pulls.values():
        if (pull.head_repository, f"refs/heads/{pull.head_ref}") == (call.repository.full_name, name):
            pull.head_sha = commit
    return Answer(200, _ref(call, name))


@route("POST", "/repos/{owner}/{repo}/git/blobs", "contents", "write")
def create_blob(call: Call) -> Answer:
    content = base64.b64decode(call.body["content"])
    if call.body.get("encoding", "utf-8") == "utf-8":
        content = call.body["content"].encode()
    sha = _git(call, "hash-object", "-w", "--stdin", given=content)
    return Answer(201, {**call.render.example("short-blob"), "sha": sha})


@route("POST", "/repos/{owner}/{repo}/git/trees", "contents", "write")
def create_tree(call: Call) -> Answer:
    index = {"GIT_INDEX_FILE": str(_folder(call) / f"index-{os.urandom(4).hex()}")}
    _git(call, "read-tree", call.body["base_tree"], more=index)
    lines = [
        f"{entry['mode'] if entry['sha'] else 0} {entry['sha'] or '0' * 40}\t{entry['path']}\n"
        for entry in call.body["tree"]
    ]
    _git(call, "update-index", "--index-info", given="".join(lines).encode(), more=index)
    sha = _git(call, "write-tree", more=index)
    return Answer(201, {**call.render.example("git-tree"), "sha": sha})


@route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", "contents", "read")
def get_tree(call: Call) -> Answer:
    sha, repository = call.route["tree_sha"], call.repository
    example = call.render.example("git-tree")
    [first] = [item for item in example["tree"] if item["type"] == "blob"][:1]
    if repository.git is None:
        listed = [(mode, path, blob) for path, mode, blob in repository.listed(sha)]
    else:
        lines = _git(call, "ls-tree", "-r", "-z", sha).split("\0")
        words = [line.partition("\t") for line in lines if line]
        listed = [(head.split(" ")[0], path, head.split(" ")[2]) for head, _, path in words]
    tree = [{**first, "path": path, "mode": mode, "sha": blob} for mode, path, blob in listed]
    return Answer(200, {**example, "sha": sha, "tree": tree, "truncated": repository.truncated})


@route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "contents", "read")
def get_commit(call: Call) -> Answer:
    sha, repository = call.route["commit_sha"], call.repository
    if repository.git is None and any(commit == sha for commit, _ in repository.files):
        # What has files and no objects: the commit stands for its own tree.
        value = call.render.example("git-commit")
        parents = repository.merges.get(sha) or tuple(filter(None, [repository.parents.get(sha)]))
        value |= {"sha": sha, "parents": [{**value["parents"][0], "sha": parent} for parent in parents]}
        value["tree"]["sha"] = sha
        return Answer(200, value)
    return Answer(200, _commit(call, call.route["commit_sha"]))


@route("POST", "/repos/{owner}/{repo}/git/commits", "contents", "write")
def create_commit(call: Call) -> Answer:
    parents = [word for parent in call.body["parents"] for word in ("-p", parent)]
    sha = _git(call, "commit-tree", call.body["tree"], *parents, given=call.body["message"].encode())
    return Answer(201, _commit(call, sha))


@route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests", "write")
def create_pull_request(call: Call) -> Answer:
    assert call.token is not None
    repository, head, base = call.repository, call.body["head"], call.body["base"]
    if not repository.actions_may_open:
        raise RefusalError(403, "GitHub Actions is not permitted to create or approve pull requests.")
    _check_body(call.body)
    for pull in repository.pulls.values():
        same = (pull.head_repository, pull.head_ref, pull.base_ref) == (repository.full_name, head, base)
        if pull.state == "open" and same:
            error = {"resource": "PullRequest", "code": "custom", "message": "A pull request already exists"}
            raise RefusalError(422, "Validation Failed", errors=[error])
    sha, onto = _git(call, "rev-parse", f"refs/heads/{head}"), _git(call, "rev-parse", f"refs/heads/{base}")
    if _run(call, "merge-base", "--is-ancestor", sha, onto).returncode == 0:
        error = {
            "resource": "PullRequest",
            "code": "custom",
            "message": f"No commits between {base} and {head}",
        }
        raise RefusalError(422, "Validation Failed", errors=[error])
    number = max([0, *repository.pulls, *repository.issues]) + 1
    pull = PullRequest(
        number, sha, onto, repository.full_name, head, base, call.token.login,
        title=call.body["title"], body=call.body["body"],
    )  # fmt: skip
    repository.pulls[number] = pull
    return Answer(201, call.render.pull_request(repository, pull))


@route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests", "write")
def update_pull_request(call: Call) -> Answer:
    pull = call.repository.pulls.get(int(call.route["pull_number"]))
    if pull is None:
        raise not_found()
    _check_body(call.body)
    for name in ("title", "body", "state"):
        setattr(pull, name, call.body.get(name, getattr(pull, name)))
    return Answer(200, call.render.pull_request(call.repository, pull))


@route("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", "actions", "write")
def dispatch(call: Call) -> Answer:
    name, branch = call.route["workflow_id"], call.body["ref"]
    if name not in call.repository.workflows:
        raise not_found()
    if not _exists(call, f"refs/heads/{branch}"):
        raise RefusalError(422, f"No ref found for: {branch}")
    call.repository.dispatched.append((name, branch))
    return Answer(204)


def _ref(call: Call, name: str) -> dict[str, Any]:
    if not _exists(call, name):
        raise not_found()
    value = call.render.example("git-ref")
    value["ref"] = name
    value["object"] |= {"type": "commit", "sha": _git(call, "rev-parse", name)}
    return dict(value)


def _commit(call: Call, sha: str) -> dict[str, Any]:
    if not re.fullmatch("[0-9a-f]{40}", sha) or _run(call, "cat-file", "-e", f"{sha}^{{commit}}").returncode:
        raise not_found()
    value = call.render.example("git-commit")
    tree, parents, message = _git(call, "show", "-s", "--format=%T%n%P%n%B", sha).split("\n", 2)
    value |= {"sha": sha, "message": message.rstrip("\n")}
    value["tree"]["sha"] = tree
    [example] = value["parents"][:1]
    value["parents"] = [{**example, "sha": parent} for parent in parents.split()]
    return dict(value)


def _exists(call: Call, name: str) -> bool:
    return _run(call, "show-ref", "--verify", "--quiet", name).returncode == 0


def _git(call: Call, *arguments: str, given: bytes = b"", more: dict[str, str] | None = None) -> str:
    done = _run(call, *arguments, given=given, more=more)
    if done.returncode:
        raise RefusalError(422, done.stderr.decode())
    return done.stdout.decode().rstrip("\n")


def _run(
    call: Call, *arguments: str, given: bytes = b"", more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    quiet = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], cwd=_folder(call), env={**quiet, **IDENTITY, **(more or {})}, input=given,
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip


def _folder(call: Call) -> Path:
    if call.repository.git is None:
        raise RefusalError(409, "Git Repository is empty.")
    return call.repository.git


def _check_body(body: Any) -> None:
    if len(body.get("body") or "") > 65_536:
        error = {"resource": "PullRequest", "code": "custom", "message": "body is too long"}
        raise RefusalError(422, "Validation Failed", errors=[error])
