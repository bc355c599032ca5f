"""The operations that the fake GitHub answers, each under its path in the OpenAPI description."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote, urlencode

from tests.support.github.state import Access, Renderer, Repository, State, Token

COMMENT_LIMIT = 65_536
SPANNING = frozenset({"path", "ref", "basehead"})


@dataclass(frozen=True)
class Call:
    """One request, routed: the values of its path, its query, its JSON body and who sends it."""

    state: State
    render: Renderer
    base: str
    route: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str
    token: Token | None

    @property
    def repository(self) -> Repository:
        """The repository that the path names, or RefusalError 404."""
        name = f"{self.route['owner']}/{self.route['repo']}".lower()
        try:
            return self.state.repositories[name]
        except KeyError:
            raise not_found() from None


@dataclass(frozen=True)
class Answer:
    """What goes back: JSON unless ``raw`` holds the bytes."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


class RefusalError(Exception):
    """An answer that says no."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        body = {"message": message, "documentation_url": "https://docs.github.com/rest", **extra}
        self.answer = Answer(status, {**body, "status": str(status)}, headers or {})


Handler: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """A path template with its method, the permission it asks for and the function that answers."""

    method: str
    path: str
    pattern: re.Pattern[str]
    permission: str
    access: Access
    handler: Handler


ROUTES: list[Route] = []


def route(method: str, path: str, permission: str, access: Access) -> Callable[[Handler], Handler]:
    """Register a handler; ``{path}``, ``{ref}`` and ``{basehead}`` span slashes."""
    escaped = re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] in SPANNING else '[^/]+'})", path)

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, re.compile(escaped + r"\Z"), permission, access, handler))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request and the values in its path; LookupError where there is none."""
    for candidate in ROUTES:
        match = candidate.pattern.match(path)
        if match and candidate.method == method:
            return candidate, {name: unquote(value) for name, value in match.groupdict().items()}
    raise LookupError(f"{method} {path}")


def not_found() -> RefusalError:
    """GitHub's answer for what is not there and for what may not be seen."""
    return RefusalError(404, "Not Found")


@route("GET", "/user", "user", "none")
def authenticated_user(call: Call) -> Answer:
    if call.token is None:
        raise RefusalError(401, "Requires authentication")
    if call.token.installation:
        raise RefusalError(403, "Resource not accessible by integration")
    return Answer(200, call.render.authenticated_user(call.token.login))


@route("GET", "/repos/{owner}/{repo}", "metadata", "read")
def repository(call: Call) -> Answer:
    return Answer(200, call.render.repository(call.repository))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests", "read")
def pull_request(call: Call) -> Answer:
    pull = call.repository.pulls.get(int(call.route["pull_number"]))
    if pull is None:
        raise not_found()
    return Answer(200, call.render.pull_request(call.repository, pull))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "pull_requests", "read")
def list_comments(call: Call) -> Answer:
    number = int(call.route["issue_number"])
    if number not in call.repository.pulls:
        raise not_found()
    comments = [item for _, item in sorted(call.repository.comments.items()) if item.number == number]
    size = min(int(call.query.get("per_page", "30")), 100)
    page = int(call.query.get("page", "1"))
    shown = comments[(page - 1) * size : page * size]
    answer = [call.render.comment(call.repository, comment) for comment in shown]
    return Answer(200, answer, _links(call, number, page, -(-len(comments) // size)))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "pull_requests", "write")
def create_comment(call: Call) -> Answer:
    number = int(call.route["issue_number"])
    if number not in call.repository.pulls:
        raise not_found()
    assert call.token is not None
    comment = call.state.comment(call.repository, number, call.token.login, _body(call))
    rendered = call.render.comment(call.repository, comment)
    return Answer(201, rendered, {"Location": rendered["url"]})


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "pull_requests", "write")
def update_comment(call: Call) -> Answer:
    comment = call.repository.comments.get(int(call.route["comment_id"]))
    if comment is None:
        raise not_found()
    comment.body = _body(call)
    comment.updated_at = call.state.now()
    return Answer(200, call.render.comment(call.repository, comment))


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "pull_requests", "write")
def delete_comment(call: Call) -> Answer:
    if call.repository.comments.pop(int(call.route["comment_id"]), None) is None:
        raise not_found()
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/contents/{path}", "contents", "read")
def content(call: Call) -> Answer:
    repository, path, ref = call.repository, call.route["path"], call.query.get("ref", "HEAD")
    found = repository.files.get((ref, path))
    if found is None:
        raise not_found()
    if "raw" in call.accept:
        return Answer(
            200, raw=found, headers={"Content-Type": "application/vnd.github.raw+json; charset=utf-8"}
        )
    return Answer(200, call.render.file(repository, ref, path, found))


def _body(call: Call) -> str:
    body = call.body.get("body") if isinstance(call.body, dict) else None
    if not isinstance(body, str) or not body.strip():
        raise RefusalError(422, "Validation Failed", errors=[_error("missing_field", "Body can't be blank")])
    if len(body) > COMMENT_LIMIT:
        message = f"Body is too long (maximum is {COMMENT_LIMIT} characters)"
        raise RefusalError(422, "Validation Failed", errors=[_error("unprocessable", message)])
    return body


def _error(code: str, message: str) -> dict[str, str]:
    return {"resource": "IssueComment", "code": code, "field": "data", "message": message}


def _links(call: Call, number: int, page: int, last: int) -> dict[str, str]:
    path = f"{call.base}/repos/{call.repository.full_name}/issues/{number}/comments"
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page <= 1:
        del pages["prev"], pages["first"]
    if page >= last:
        del pages["next"], pages["last"]
    links = [
        f'<{path}?{urlencode({**call.query, "page": target})}>; rel="{rel}"' for rel, target in pages.items()
    ]
    return {"Link": ", ".join(links)} if links else {}


def parsed(body: bytes) -> Any:
    """A JSON body, or None where there is none."""
    return json.loads(body) if body else None
