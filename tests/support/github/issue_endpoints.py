"""The operations of the fake GitHub on issues and labels."""

from __future__ import annotations

from typing import Any

from tests.support.github.endpoints import ROUTES, Answer, Call, RefusalError, not_found, route
from tests.support.github.state import Issue

__all__ = ["ROUTES"]


@route("GET", "/repos/{owner}/{repo}/issues", "issues", "read")
def list_issues(call: Call) -> Answer:
    state, wanted = call.query.get("state", "open"), call.query.get("labels", "").split(",")
    found = [
        call.render.issue(call.repository, issue)
        for _, issue in sorted(call.repository.issues.items(), reverse=True)
        if state in ("all", issue.state)
        and all(label in issue.labels for label in wanted if label)
        and call.query.get("creator", issue.login) == issue.login
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
    issue.labels = tuple(call.body.get("labels", issue.labels))
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
