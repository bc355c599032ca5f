"""A local GitHub: a threaded HTTP server over real state that checks every request and every answer."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from tests.support.github import description, endpoints, git_endpoints, issue_endpoints, run_endpoints
from tests.support.github.endpoints import Answer, Call, RefusalError
from tests.support.github.state import Renderer, Repository, State, Token

assert git_endpoints.ROUTES is issue_endpoints.ROUTES is run_endpoints.ROUTES is endpoints.ROUTES
API_VERSIONS = frozenset({"2022-11-28"})


@dataclass(frozen=True)
class Request:
    """A request as it came, and the status it was answered with (0: the connection was cut)."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Fault:
    """What goes wrong with the next ``times`` requests that match ``method`` and end in ``path``.

    ``kind``: ``answer`` sends the given status, headers and body; ``reset`` cuts the connection; ``hang``
    keeps it open without a word until the server closes, ``drip`` with a byte now and then. ``after`` lets the request
    take its effect first.
    """

    kind: Literal["answer", "reset", "hang", "drip"] = "answer"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    method: str = ""
    path: str = ""
    times: int = 1
    after: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is to suffer."""
        return self.times > 0 and self.method in ("", method) and path.endswith(self.path)


class FakeGitHub:
    """The server, its state, what it was asked, and what was wrong with that."""

    def __init__(self) -> None:
        self.state = State()
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.between: Callable[[Request], None] = lambda request: None
        self.description = description.load()
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.github = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.render = Renderer(self.description, self.url)

    def token(self, secret: str, token: Token | None = None) -> str:
        """Make this secret a valid credential."""
        self.state.tokens[secret] = token or Token()
        return secret

    def repository(self, full_name: str) -> Repository:
        """The repository of this name, made when first asked for."""
        return self.state.repository(full_name)

    def fail(self, **fault: Any) -> Fault:
        """Plan a fault; see :class:`Fault`."""
        self.faults.append(Fault(**fault))
        return self.faults[-1]

    def sent(self, method: str) -> list[Request]:
        """The requests of one method so far."""
        return [request for request in self.requests if request.method == method]

    def serve(self) -> None:
        """Answer until :meth:`close`."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Let hanging requests go and stop."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request from the state, noting whatever GitHub does not describe."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.removeprefix("/api/v3")
        if path.startswith("/store/"):
            return self._stored(path, headers)
        self.violations += _header_violations(method, headers)
        try:
            route, values = endpoints.find(method, path)
        except LookupError:
            self.violations.append(f"{method} {path} is not served")
            return endpoints.not_found().answer
        operation = self.description.operation(method, route.path)
        content = endpoints.parsed(body)
        wrong = list(self.description.request_violations(operation, values, query, content))
        if wrong:
            self.violations += wrong
            return RefusalError(422, "Validation Failed").answer
        accept, token = headers.get("accept", ""), self._token(headers)
        call = Call(self.state, self.render, self.url, values, query, content, accept, token)
        try:
            _authorise(call, route, headers)
            answer = route.handler(call)
        except RefusalError as refusal:
            answer = refusal.answer
        if answer.raw is None:
            self.violations += self.description.answer_violations(operation, answer.status, answer.body)
        return answer

    def _stored(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What the store of files has, for whoever knows the address."""
        _, _, owner, name, number = path.split("/")
        artifact = self.repository(f"{owner}/{name}").artifacts[int(number)]
        return Answer(200, raw=artifact.content, headers={"Content-Type": "application/zip"})

    def _token(self, headers: Mapping[str, str]) -> Token | None:
        _, _, secret = headers.get("authorization", "").partition(" ")
        return self.state.tokens.get(secret)


@contextmanager
def running() -> Iterator[FakeGitHub]:
    """A fake GitHub that serves while the block runs."""
    github = FakeGitHub()
    thread = threading.Thread(target=github.serve, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        github.close()
        thread.join(timeout=10)


def _authorise(call: Call, route: endpoints.Route, headers: Mapping[str, str]) -> None:
    if "authorization" in headers and call.token is None:
        raise RefusalError(401, "Bad credentials")
    if call.token is None:
        if route.access == "write":
            raise RefusalError(401, "Requires authentication")
        if call.repository.private:
            raise endpoints.not_found()
        return
    if route.access == "none" or call.token.may(route.permission, route.access):
        return
    if route.access == "read" and not call.repository.private:
        return
    accepted = {"X-Accepted-GitHub-Permissions": f"issues={route.access}; pull_requests={route.access}"}
    if route.permission != "pull_requests":
        accepted = {"X-Accepted-GitHub-Permissions": f"{route.permission}={route.access}"}
    raise RefusalError(403, "Resource not accessible by integration", accepted)


def _header_violations(method: str, headers: Mapping[str, str]) -> Iterator[str]:
    if not headers.get("user-agent"):
        yield f"{method}: GitHub refuses requests without a User-Agent"
    if headers.get("x-github-api-version") not in API_VERSIONS:
        yield f"{method}: X-GitHub-Api-Version is {headers.get('x-github-api-version')!r}"
    if not headers.get("accept", "").startswith("application/vnd.github"):
        yield f"{method}: Accept is {headers.get('accept')!r}"
    if method in ("POST", "PATCH", "PUT") and not headers.get("content-type", "").startswith(
        "application/json"
    ):
        yield f"{method}: Content-Type is {headers.get('content-type')!r}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    github: FakeGitHub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        github = self.server.github
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        with github.lock:
            fault = next((item for item in github.faults if item.matches(self.command, parts.path)), None)
            answer = None
            if fault is None or fault.after:
                answer = github.answer(self.command, self.path, headers, body)
            if fault is not None:
                fault.times -= 1
            status = _status(fault, answer)
            query = dict(parse_qsl(parts.query))
            request = Request(self.command, parts.path, query, headers, endpoints.parsed(body), status)
            github.requests.append(request)
            github.between(request)
        if fault is not None:
            self._suffer(fault)
        elif answer is not None:
            self._send(answer)

    def _suffer(self, fault: Fault) -> None:
        if fault.kind == "hang":
            self.server.github.closing.wait(30)
        if fault.kind == "drip":
            self._drip(fault.body)
        if fault.kind in ("hang", "reset", "drip"):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RDWR) if fault.kind == "hang" else None
            self.connection.close()
            self.close_connection = True
            return
        self._send(Answer(fault.status, raw=fault.body, headers=fault.headers))

    def _drip(self, body: bytes) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + body.ljust(9999):
            if self.server.github.closing.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def _send(self, answer: Answer) -> None:
        content = answer.raw
        if content is None:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"content-type": "application/json; charset=utf-8", **_limits()}
        headers |= {name.lower(): value for name, value in answer.headers.items()}
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _status(fault: Fault | None, answer: Answer | None) -> int:
    if fault is not None:
        return fault.status if fault.kind == "answer" else 0
    assert answer is not None
    return answer.status


def _limits() -> dict[str, str]:
    return {
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "999",
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": str(int(time.time()) + 3600),
        "x-ratelimit-resource": "core",
        "x-github-request-id": "0000:0000:0000:0000:0000",
    }
