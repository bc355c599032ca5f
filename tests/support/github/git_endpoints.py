"""The operations of the fake GitHub that make commits and issues."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.support.github.endpoints import ROUTES, Answer, Call, RefusalError, not_found, route
from tests.support.github.state import Commit, Issue, PullRequest

__all__ = ["ROUTES"]
GIT = "/repos/{owner}/{repo}/git"


@route("POST", f"{GIT}/blobs", "contents", "write")
def create_blob(call: Call) -> Answer:
    text = call.body["content"]
    content = base64.b64decode(text) if call.body.get("encoding") == "base64" else text.encode()
    sha = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    call.repository.blobs[sha] = content
    return Answer(201, {**call.render.example("short-blob"), "sha": sha})


@route("POST", f"{GIT}/trees", "contents", "write")
def create_tree(call: Call) -> Answer:
    files = dict(call.repository.trees.get(call.body.get("base_tree", ""), {}))
    for entry in call.body["tree"]:
        files[entry["path"]] = call.repository.blobs[entry["sha"]]
    sha = _sha(sorted((path, content.hex()) for path, content in files.items()))
    call.repository.trees[sha] = files
    return Answer(201, {**call.render.example("git-tree"), "sha": sha})


@route("POST", f"{GIT}/commits", "contents", "write")
def create_commit(call: Call) -> Answer:
    parents = tuple(call.body.get("parents", ()))
    commit = Commit(call.body["tree"], parents, call.body["message"])
    sha = _sha([commit.tree, *parents, commit.message])
    call.repository.commits[sha] = commit
    if parents:
        call.repository.parents[sha] = parents[0]
    for path, content in call.repository.trees[commit.tree].items():
        call.repository.files[sha, path] = content
    return Answer(201, _commit(call, sha, "git-commit"))


@route("GET", f"{GIT}/commits/{{commit_sha}}", "contents", "read")
def get_commit(call: Call) -> Answer:
    if call.route["commit_sha"] not in call.repository.commits:
        raise not_found()
    return Answer(200, _commit(call, call.route["commit_sha"], "git-commit-2"))


@route("GET", f"{GIT}/ref/{{ref}}", "contents", "read")
def get_ref(call: Call) -> Answer:
    name = call.route["ref"]
    if name not in call.repository.refs:
        raise not_found()
    return Answer(200, _ref(call, name))


@route("POST", f"{GIT}/refs", "contents", "write")
def create_ref(call: Call) -> Answer:
    name = call.body["ref"].removeprefix("refs/")
    if name in call.repository.refs:
        raise RefusalError(422, "Reference already exists")
    call.repository.refs[name] = call.body["sha"]
    return Answer(201, _ref(call, name))


@route("PATCH", f"{GIT}/refs/{{ref}}", "contents", "write")
def update_ref(call: Call) -> Answer:
    name, sha = call.route["ref"], call.body["sha"]
    if name not in call.repository.refs:
        raise RefusalError(422, "Reference does not exist")
    if not call.body.get("force") and call.repository.refs[name] not in call.repository.ancestors(sha):
        raise RefusalError(422, "Update is not a fast forward")
    call.repository.refs[name] = sha
    return Answer(200, _ref(call, name))


@route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests", "write")
def create_pull(call: Call) -> Answer:
    assert call.token is not None
    if not call.repository.may_open_pulls:
        raise RefusalError(403, "GitHub Actions is not permitted to create or approve pull requests.")
    body, repository = call.body, call.repository
    if any(pull.state == "open" and pull.head_ref == body["head"] for pull in repository.pulls.values()):
        raise RefusalError(422, "Validation Failed", errors=[{"message": "A pull request already exists"}])
    number = max([0, *repository.pulls, *repository.issues]) + 1
    repository.pulls[number] = PullRequest(
        number, repository.refs[f"heads/{body['head']}"], repository.refs[f"heads/{body['base']}"],
        repository.full_name, body["head"], body["base"], call.token.login, "open", body["title"], body["body"],
    )  # fmt: skip
    return Answer(201, call.render.pull_request(repository, repository.pulls[number]))


@route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests", "write")
def update_pull(call: Call) -> Answer:
    pull = call.repository.pulls[int(call.route["pull_number"])]
    for name in ("title", "body", "state"):
        setattr(pull, name, call.body.get(name, getattr(pull, name)))
    return Answer(200, call.render.pull_request(call.repository, pull))


@route("GET", "/repos/{owner}/{repo}/issues", "issues", "read")
def list_issues(call: Call) -> Answer:
    state, wanted = call.query.get("state", "open"), call.query.get("labels", "").split(",")
    found = [
        call.render.issue(call.repository, issue)
        for _, issue in sorted(call.repository.issues.items(), reverse=True)
        if state in ("all", issue.state) and all(label in issue.labels for label in wanted if label)
    ]
    return Answer(200, found)


@route("POST", "/repos/{owner}/{repo}/issues", "issues", "write")
def create_issue(call: Call) -> Answer:
    assert call.token is not None
    repository = call.repository
    number = max([0, *repository.pulls, *repository.issues]) + 1
    labels = tuple(call.body.get("labels", ()))
    _check_body(call.body)
    repository.issues[number] = Issue(number, call.token.login, call.body["title"], call.body["body"], labels)
    repository.labels |= set(labels)
    return Answer(201, call.render.issue(repository, repository.issues[number]))


@route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", "issues", "write")
def update_issue(call: Call) -> Answer:
    issue = call.repository.issues.get(int(call.route["issue_number"]))
    if issue is None:
        raise not_found()
    _check_body(call.body)
    for name, key in (("title", "title"), ("body", "body"), ("state", "state"), ("reason", "state_reason")):
        setattr(issue, name, call.body.get(key, getattr(issue, name)))
    return Answer(200, call.render.issue(call.repository, issue))


@route("POST", "/repos/{owner}/{repo}/labels", "issues", "write")
def create_label(call: Call) -> Answer:
    name = call.body["name"]
    if name in call.repository.labels:
        error = {"resource": "Label", "code": "already_exists", "field": "name"}
        raise RefusalError(422, "Validation Failed", errors=[error])
    call.repository.labels.add(name)
    return Answer(201, {**call.render.example("label"), "name": name})


def _check_body(body: Any) -> None:
    if len(body.get("body") or "") > 65_536:
        message = "body is too long (maximum is 65536 characters)"
        error = {"resource": "Issue", "code": "custom", "field": "body", "message": message}
        raise RefusalError(422, "Validation Failed", errors=[error])


def _commit(call: Call, sha: str, example: str) -> dict[str, Any]:
    commit = call.repository.commits[sha]
    value = call.render.example(example)
    parent = value["parents"][0]
    value["tree"] |= {"sha": commit.tree}
    return {
        **value,
        "sha": sha,
        "message": commit.message,
        "parents": [{**parent, "sha": one} for one in commit.parents],
    }


def _ref(call: Call, name: str) -> dict[str, Any]:
    value = call.render.example("git-ref")
    value["object"] |= {"sha": call.repository.refs[name], "type": "commit"}
    return {**value, "ref": f"refs/{name}"}


def _sha(value: object) -> str:
    return hashlib.sha1(json.dumps(value).encode()).hexdigest()
