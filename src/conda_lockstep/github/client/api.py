"""The only access to GitHub's REST API: ghapi behind typed calls that wait when asked to, in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from conda_lockstep.errors import LockstepError, MissingExtraError
from conda_lockstep.github.client.retries import Failure, is_rate_limit, seconds_until_retry
from conda_lockstep.text.json_fields import Fields, parse_list, parse_object

if TYPE_CHECKING:
    from ghapi.core import GhSyncTransport

Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"
Values: TypeAlias = Mapping[str, Value]

PUBLIC_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
PAGE = 100
# Transport errors after which GitHub cannot have seen the request.
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError"})
# A repository that was renamed, and files that lie elsewhere.
REDIRECTS = frozenset({301, 302, 307, 308})
HOPS = 3
SENT = frozenset({"accept", "authorization", "content-type", "user-agent", "x-github-api-version"})


class GitHubError(LockstepError):
    """A request that failed for good.

    ``status`` is GitHub's, None without an answer; ``executed`` is whether it may have taken effect.
    """

    def __init__(
        self, what: str, *, where: str, remedy: str = "", status: int | None = None, executed: bool = False
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status = status
        self.executed = executed


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits in seconds: for a read, for a whole answer and for all tries; and how often a request is tried.

    The clocks are here so that a test need not wait.
    """

    answer: float = 20.0
    whole: float = 60.0
    tries: int = 6
    total: float = 240.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment on an issue or pull request; ``author`` is empty if the account was deleted."""

    id: int
    author: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class RequiredPermission:
    """What a call does, in words, and the permission that it requires, as a workflow file spells it."""

    action: str
    permission: str
    access: str


class Response(Protocol):
    """A response of GitHub."""

    @property
    def status_code(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


@dataclass(slots=True)
class GitHub:
    """GitHub as one repository's workflow sees it.

    ``repository`` is ``owner/name``; ``url`` the API's address (``GITHUB_API_URL`` on Enterprise). Every method
    raises :class:`GitHubError` if GitHub refuses or does not answer in time.
    """

    repository: str
    token: str = field(repr=False)
    url: str = PUBLIC_URL
    patience: Patience = field(default_factory=Patience)
    _transport: GhSyncTransport | None = field(default=None, init=False, repr=False)
    _deadline: float | None = field(default=None, init=False, repr=False)

    def login(self) -> str:
        """Return the account of a personal token; GitHub answers 403 for an app's installation token."""
        need = RequiredPermission("read the token's account", "", "")
        return self.object(self.call(need, "users.get_authenticated", {})).text("login")

    def comments(self, number: int) -> list[IssueComment]:
        """Return all comments of an issue or pull request, oldest first, over all pages."""
        need = RequiredPermission("list the comments", "pull-requests", "read")
        pages = self.pages(need, "issues.list_comments", {"issue_number": number})
        return [_comment(item) for item in pages]

    def create_comment(self, number: int, body: str) -> IssueComment:
        """Post a comment. It is sent again only if GitHub cannot have received it."""
        need = RequiredPermission("post a comment", "pull-requests", "write")
        answer = self.call(
            need, "issues.create_comment", {"issue_number": number, "body": body}, repeatable=False
        )
        return _comment(self.object(answer))

    def edit_comment(self, comment: int, body: str) -> IssueComment:
        """Replace the text of a comment."""
        need = RequiredPermission("edit the comment", "pull-requests", "write")
        answer = self.call(need, "issues.update_comment", {"comment_id": comment, "body": body})
        return _comment(self.object(answer))

    def delete_comment(self, comment: int) -> None:
        """Delete a comment; one that no longer exists is fine."""
        need = RequiredPermission("delete a comment", "pull-requests", "write")
        try:
            self.call(need, "issues.delete_comment", {"comment_id": comment})
        except GitHubError as error:
            if error.status != 404:
                raise

    def head_of(self, number: int) -> str:
        """Return the commit at the head of a pull request."""
        need = RequiredPermission("read the pull request", "pull-requests", "read")
        return self.object(self.call(need, "pulls.get", {"pull_number": number})).text("head.sha")

    def file(self, path: str, commit: str) -> bytes | None:
        """Return the bytes of a file at a commit, None if the commit has no such file."""
        need = RequiredPermission(f"read {path}", "contents", "read")
        raw = {"Accept": "application/vnd.github.raw+json"}
        try:
            return self.call(need, "repos.get_content", {"path": path, "ref": commit}, headers=raw).content
        except GitHubError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, need: RequiredPermission, operation: str, values: Values) -> Iterator[Fields]:
        """Yield the objects of a list, over all of its pages."""
        page = 1
        while True:
            answer = self.call(need, operation, {**values, "per_page": PAGE, "page": page})
            items = parse_list(answer.content, self._where(need))
            yield from items
            # Not "until a short page": GitHub may leave out what the token may not see.
            if 'rel="next"' not in answer.headers.get("link", ""):
                return
            page += 1

    def object(self, answer: Response) -> Fields:
        """Return a response that is a JSON object."""
        return parse_object(answer.content, self.url)

    def call(
        self,
        need: RequiredPermission,
        operation: str,
        values: Values,
        *,
        repeatable: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request until it succeeds, fails for good, or the time is over. ``operation`` is ghapi's name of it.

        A request that is not ``repeatable`` is sent again only if GitHub cannot have received it.
        """
        attempt = 0
        while True:
            attempt += 1
            outcome = self._send(operation, headers or {}, values)
            if not isinstance(outcome, Failure):
                return outcome
            wait = seconds_until_retry(outcome, attempt, self.patience.now())
            if outcome.executed and not repeatable:
                wait = None
            if wait is None or attempt >= self.patience.tries or wait > self._time_left():
                raise self._error(need, outcome, wait)
            self.patience.sleep(wait)

    def _send(self, operation: str, headers: Mapping[str, str], values: Values) -> Response | Failure:
        seconds = max(1.0, min(self.patience.whole, self._time_left()))
        outcome = _within(seconds, lambda: self._exchange(operation, headers, values))
        if outcome is None:
            return Failure(None, f"the answer was incomplete after {seconds:.0f} s", {}, executed=True)
        return outcome

    def _exchange(self, operation: str, headers: Mapping[str, str], values: Values) -> Response | Failure:
        transport = self._connected()
        from ghapi.core import APIError

        transport.timeout = self._answer_time()
        try:
            return self._operation(operation)(**values, headers_=dict(headers), raw_=True)
        except APIError as error:
            if error.status_code in REDIRECTS and error.response is not None:
                return self._follow(error.response)
            return _failure(error.status_code, error.message, error.error_type, error.response)

    def _follow(self, response: Any) -> Response | Failure:
        """Send the same request to the address of a redirect, without the token if that is another host.

        Neither ghapi nor httpx does this: they turn a POST that meets a 301 into a GET, as browsers do.
        """
        import httpx2

        for _ in range(HOPS):
            request = response.request
            target = request.url.join(response.headers.get("location", ""))
            if not _same_host(request.url, target) and (request.method != "GET" or target.scheme != "https"):
                return _failure(response.status_code, "it redirects to another host", "", response)
            kept = SENT if _same_host(request.url, target) else SENT - {"authorization"}
            headers = {name: value for name, value in request.headers.items() if name.lower() in kept}
            try:
                with httpx2.Client(
                    timeout=self._answer_time(), follow_redirects=False, verify=_trusted()
                ) as client:
                    response = client.request(
                        request.method, target, headers=headers, content=request.content
                    )
            except httpx2.TransportError as error:
                return _failure(None, str(error), type(error).__name__, None)
            if response.status_code not in REDIRECTS:
                break
        if response.status_code < 300:
            result: Response = response
            return result
        return _failure(response.status_code, _message(response), "", response)

    def _answer_time(self) -> float:
        return max(1.0, min(self.patience.answer, self._time_left()))

    def _operation(self, name: str) -> Callable[..., Response]:
        """Return ghapi's function for an operation, such as ``pulls.get``.

        ``GhApi`` would create all of its 1,200 functions first, which takes longer than the requests of a whole run;
        it would also search the environment for tokens, and prefer those.
        """
        from ghapi.core import SyncOpFunc, pspec  # type: ignore[attr-defined]

        owner, _, repository = self.repository.partition("/")
        group, _, method = name.partition(".")
        [found] = [one for one in pspec.ops if (one.group, one.name) == (group, method)]
        make: Callable[..., Callable[..., Response]] = SyncOpFunc
        return make(found, self._connected(), self.url, defaults={"owner": owner, "repo": repository})

    def _connected(self) -> GhSyncTransport:
        """Return ghapi's transport, created on first use: its import is the slowest part of a run."""
        if self._transport is not None:
            return self._transport
        try:
            from ghapi.core import GhSyncTransport
        except ModuleNotFoundError as error:
            raise MissingExtraError("action", "github", "ghapi") from error
        headers = {
            "User-Agent": "conda-lockstep",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": API_VERSION,
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        make: Callable[..., GhSyncTransport] = GhSyncTransport
        self._transport = make(base_headers=headers, follow_redirects=False, verify=_trusted(), retries=0)
        return self._transport

    def _time_left(self) -> float:
        now = self.patience.monotonic()
        if self._deadline is None:
            self._deadline = now + self.patience.total
        return self._deadline - now

    def _where(self, need: RequiredPermission) -> str:
        return f"{self.url} ({need.action})"

    def _error(self, need: RequiredPermission, failure: Failure, wait: float | None) -> GitHubError:
        what, remedy = _explanation(need, failure, wait, bool(self.token))
        return GitHubError(
            f"could not {need.action} in {self.repository}: {what}",
            where=self.url,
            remedy=remedy,
            status=failure.status,
            executed=failure.executed,
        )


def _within(seconds: float, exchange: Callable[[], Response | Failure]) -> Response | Failure | None:
    """Return the result of an exchange, None if it takes too long.

    A timeout of httpx covers one read, so a server that sends a byte now and then could hold a job forever. The
    thread ends with the process; nothing waits for it.
    """
    done: list[Response | Failure] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            done.append(exchange())
        except Exception as error:  # raised where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    for error in errors:
        raise error
    return done[0] if done else None


def _comment(item: Fields) -> IssueComment:
    return IssueComment(
        id=item.number("id"),
        author=item.optional_text("user.login"),
        body=item.optional_text("body"),
        url=item.text("html_url"),
    )


@cache
def _trusted() -> Any:
    """Return the trusted certificates, read once: reading them takes longer than most requests."""
    import httpx2

    return httpx2.create_ssl_context()


def _same_host(one: Any, other: Any) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _message(response: Response) -> str:
    try:
        return parse_object(response.content, "").optional_text("message")
    except LockstepError:
        return ""


def _failure(status: int | None, message: str, kind: str, response: Response | None) -> Failure:
    headers = {} if response is None else {name.lower(): value for name, value in response.headers.items()}
    if status is None:
        return Failure(None, f"{kind}: {message}", headers, executed=kind not in NEVER_SENT)
    html = "json" not in headers.get("content-type", "")
    return Failure(status, "" if html else message, headers, executed=status >= 500)


def _explanation(
    need: RequiredPermission, failure: Failure, wait: float | None, has_token: bool
) -> tuple[str, str]:
    """Return what went wrong and what to do about it."""
    if failure.status is None:
        return f"no answer ({failure.message})", "check the connection and GitHub's status page"
    if is_rate_limit(failure):
        retry_after = "" if wait is None else f", retry after {wait:.0f} s"
        return f"GitHub limits this token's requests{retry_after}", "run the job again later"
    summary = f"GitHub answered {failure.status}" + (f" ({failure.message})" if failure.message else "")
    if failure.status >= 500:
        return summary, "run the job again later"
    if failure.status == 401:
        return summary, "pass a valid token" if has_token else "pass a token"
    if failure.status == 403 and _is_about_permission(failure.message):
        return summary, _missing_permission(need, failure.headers)
    if failure.status == 404 and need.permission:
        return summary, f"the token may lack '{need.permission}: {need.access}'"
    return summary, ""


def _is_about_permission(message: str) -> bool:
    lowered = message.lower()
    return "not accessible" in lowered or "must have" in lowered or "permission" in lowered


def _missing_permission(need: RequiredPermission, headers: Mapping[str, str]) -> str:
    """Return the permission to add: the one in GitHub's header if that does not list ours."""
    wanted = f"{need.permission}: {need.access}"
    sets = headers.get("x-accepted-github-permissions", "").replace("_", "-").split(";")
    accepted = [
        ", ".join(part.strip().replace("=", ": ") for part in one.split(",")) for one in sets if one.strip()
    ]
    if accepted and wanted not in accepted:
        wanted = accepted[0]
    return f"add '{wanted}' to the job's permissions, or pass a token that has it"
