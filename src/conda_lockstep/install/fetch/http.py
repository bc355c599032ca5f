"""Downloads one file over HTTP: continues where a transfer broke off, and retries when the server asks for it.

rattler's own client neither obeys ``Retry-After`` nor resumes a download.
"""

from __future__ import annotations

import http.client
import random
import ssl
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Protocol

from conda_lockstep.http_retry import backoff, is_transient, retry_after
from conda_lockstep.lock.channels.access import Access

TRIES = 5
SILENCE_SECONDS = 60
"""How long a server may send nothing, whatever the size of the file."""
FIRST_WAIT = 0.25
LONGEST_WAIT = 300
BLOCK = 1 << 18

_CLOSED = {401, 403, 407}


class Receiver(Protocol):
    """A receiver of bytes; ``size`` of them have arrived already."""

    size: int

    def expect(self, size: int) -> None:
        """Take note of how many bytes are still to come."""

    def write(self, block: bytes) -> None:
        """Add bytes."""

    def clear(self) -> None:
        """Start again from nothing."""


class Refused(Exception):  # noqa: N818 - it is the server's answer, and final
    """The server does not have the file."""


class Unreachable(Exception):  # noqa: N818
    """The file may be there, but did not come. ``rattler_may_know``: it may have the credentials or certificates."""

    def __init__(self, what: str, *, remedy: str = "", rattler_may_know: bool = False) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.rattler_may_know = rattler_may_know


def receive(url: str, access: Access, sink: Receiver) -> None:
    """Receive a file into a sink, beginning where the sink ends.

    Raises :class:`Refused` or :class:`Unreachable`, and whatever the sink raises.
    """
    number = 0
    while True:
        before = sink.size
        try:
            _receive(url, access, sink)
            return
        except urllib.error.HTTPError as error:
            with error:
                delay = _delay_after(error, number)
                failure = f"{error.code} {_phrase(error.code)}"
        except (OSError, http.client.HTTPException) as error:
            delay, failure = _backoff(number), _reason(error)
            if isinstance(_cause(error), ssl.SSLCertVerificationError):
                raise Unreachable(failure, rattler_may_know=True) from None
        # A try that got on does not count: large files come in many pieces where the network is bad.
        number = 0 if sink.size > before else number + 1
        if number == TRIES:
            raise Unreachable(failure)
        time.sleep(delay)


def _receive(url: str, access: Access, sink: Receiver) -> None:
    request = urllib.request.Request(access.url(url))
    request.add_header("Accept-Encoding", "identity")
    request.add_header("User-Agent", "conda-lockstep")
    if authorization := access.authorization(url):
        # Unredirected: a channel may send us on to somebody else's storage, which must not see it.
        request.add_unredirected_header("Authorization", authorization)
    if sink.size:
        request.add_header("Range", f"bytes={sink.size}-")
    try:
        response = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not sink.size:
            raise
        error.close()
        sink.clear()
        _receive(url, access, sink)
        return
    with response:
        if sink.size and not _continues(response, sink.size):
            sink.clear()
        length = response.headers.get("Content-Length")
        expected = int(length) if length and length.isdecimal() else None
        sink.expect(expected or 0)
        came = 0
        while block := response.read(BLOCK):
            sink.write(block)
            came += len(block)
        if expected is not None and came < expected:
            raise http.client.IncompleteRead(b"", expected - came)


def _continues(response: http.client.HTTPResponse, size: int) -> bool:
    """Return whether a response begins where we stopped; a server may send the whole file instead."""
    return response.status == HTTPStatus.PARTIAL_CONTENT and (
        response.headers.get("Content-Range") or ""
    ).startswith(f"bytes {size}-")


def _delay_after(error: urllib.error.HTTPError, number: int) -> float:
    """Return how long to wait before the next try; raises if another try cannot help."""
    answer = f"{error.code} {_phrase(error.code)}"
    if error.code in _CLOSED:
        remedy = "see 'Private channels' in the guide to build for where credentials are looked for"
        raise Unreachable(answer, remedy=remedy, rattler_may_know=True)
    if not is_transient(error.code):
        raise Refused(answer)
    delay = retry_after(error.headers.get("Retry-After"), time.time()) or 0.0
    if delay > LONGEST_WAIT:
        raise Unreachable(f"{answer}; the server asks to retry in {delay:.0f} s", remedy="build again then")
    return max(delay, _backoff(number))


def _backoff(failures: int) -> float:
    """Return how long to wait, spread out so that the nodes of a cluster do not all come back at once."""
    return backoff(failures + 1, FIRST_WAIT) * random.uniform(0.8, 1.2)


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""


def _cause(error: BaseException) -> BaseException:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error


def _reason(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, http.client.IncompleteRead):
        return "the connection ended in the middle of the file"
    if isinstance(cause, TimeoutError):
        return f"no answer within {SILENCE_SECONDS} s"
    return str(getattr(cause, "strerror", None) or getattr(cause, "reason", None) or cause)
