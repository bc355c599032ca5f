"""A loopback HTTP server for a folder, with faults that a test switches on and off.

    with serve(folder) as server:
        server.url                                          # http://127.0.0.1:PORT
        server.fail("*/repodata.json*", "truncate")         # until healed
        server.fail("*.conda", "429", times=2, retry_after=1)
        server.heal()
        server.requests                                     # [Request(method, path, headers), …]

Faults: a three-digit status ("404", "500", "401", "429"), "hang" (says nothing until the server closes),
"truncate" (half the body, then the connection closes) and "reset" (RST before any answer). Patterns are
fnmatch's, over the path with its leading slash and without its query. Folders with an index.json give it to
clients that ask for PyPI's JSON (PEP 691). A ``Range`` with a start alone is answered with what follows it (206);
while ``server.any_range`` is set, so is one with an end, or with an end alone.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

PYPI_JSON = "application/vnd.pypi.simple.v1+json"
FAULTS = ("404", "500", "429", "hang", "truncate", "reset")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for, and when (``time.monotonic``); header names are as sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float = 0.0


@dataclass(slots=True)
class _Fault:
    pattern: str
    kind: str
    times: int | None
    retry_after: int | str | None
    location: str = ""


class Server:
    """A running server; made by :func:`serve`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.demanded = ""
        self.any_range = False
        self._faults: list[_Fault] = []
        self._guard = threading.Lock()
        self._http = _HttpServer(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def fail(
        self, pattern: str, fault: str, *, times: int | None = None, retry_after: int | str | None = None
    ) -> None:
        """Answer what matches ``pattern`` with a fault, ``times`` times (for ever where None)."""
        if not (fault in FAULTS or fault.isdigit()):
            raise ValueError(f"no such fault: {fault}; use one of {', '.join(FAULTS)} or a status")
        with self._guard:
            self._faults.append(_Fault(pattern, fault, times, retry_after))

    def demand(self, authorization: str) -> None:
        """Let in only who sends this ``Authorization`` header."""
        self.demanded = authorization

    def redirect(self, pattern: str, url: str) -> None:
        """Send who asks for what matches on to another URL."""
        with self._guard:
            self._faults.append(_Fault(pattern, "302", None, None, url))

    def heal(self) -> None:
        """Take all faults away."""
        with self._guard:
            self._faults.clear()

    def close(self) -> None:
        """Stop, and let go of every client that still waits."""
        self.closing.set()
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()
        self._thread.join()

    def take_fault(self, path: str) -> _Fault | None:
        """Return the fault to answer with, counting it."""
        with self._guard:
            for fault in self._faults:
                if fault.times != 0 and fnmatch(path, fault.pattern):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Serve a folder on a free loopback port for the length of the block."""
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: Server) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own business."""


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def __init__(self, request: Any, client_address: Any, server: _HttpServer) -> None:
        super().__init__(request, client_address, server, directory=str(server.owner.folder))

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def log_message(self, *args: object) -> None:
        """Quiet: tests read ``requests``."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        return PYPI_JSON if self._wants_json(Path(path).parent) else super().guess_type(path)

    def send_head(self) -> BinaryIO | None:
        folder = Path(self.translate_path(self.path))
        if folder.is_dir() and self.path.endswith("/") and self._wants_json(folder):
            self.path += "index.json"
        # Dates are in seconds, and a test changes a file more often.
        del self.headers["If-Modified-Since"]
        source = super().send_head()
        start = self._start()
        if source is not None and start:
            source.seek(start)
        return source

    def send_response(self, code: int, message: str | None = None) -> None:
        super().send_response(206 if code == 200 and self._start() else code, message)

    def send_header(self, keyword: str, value: str) -> None:
        start = self._start()
        if start and keyword == "Content-Length":
            super().send_header("Content-Range", f"bytes {start}-{int(value) - 1}/{value}")
            value = str(int(value) - start)
        super().send_header(keyword, value)

    def _start(self) -> int:
        """Return where a ``Range`` of a file begins, 0 where the whole is asked for."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        return int(match[1]) if match and path.is_file() and int(match[1]) < path.stat().st_size else 0

    def _part(self) -> bool:
        """Answer ``bytes=-N`` and ``bytes=A-B``; return whether that was requested of a file."""
        match = re.fullmatch(r"bytes=(\d*)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if match is None or not path.is_file():
            return False
        body = path.read_bytes()
        start = int(match[1]) if match[1] else max(0, len(body) - int(match[2]))
        end = min(int(match[2]) + 1, len(body)) if match[1] else len(body)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(body[start:end])
        return True

    def _wants_json(self, folder: Path) -> bool:
        return PYPI_JSON in self.headers.get("Accept", "") and (folder / "index.json").is_file()

    def _answer(self, as_it_is: Callable[[], None]) -> None:
        owner = self.server.owner
        path = unquote(urlsplit(self.path).path)
        owner.requests.append(Request(self.command, path, dict(self.headers), time.monotonic()))
        fault = owner.take_fault(path)
        if owner.demanded and self.headers.get("Authorization") != owner.demanded:
            self._refuse(_Fault(path, "401", None, None))
        elif fault is None and owner.any_range and self._part():
            pass
        elif fault is None:
            as_it_is()
        elif fault.kind == "hang":
            owner.closing.wait()
            self.close_connection = True
        elif fault.kind == "reset":
            self._reset()
        elif fault.kind == "truncate":
            self._truncate()
        else:
            self._refuse(fault)

    def _refuse(self, fault: _Fault) -> None:
        body = f"{fault.kind} {HTTPStatus(int(fault.kind)).phrase}\n".encode()
        self.send_response(int(fault.kind))
        if fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        if fault.location:
            self.send_header("Location", fault.location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _truncate(self) -> None:
        source = self.send_head()
        if source is not None:
            with source:
                body = source.read() if self.command != "HEAD" else b""
                self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def _reset(self) -> None:
        """Close with unsent data thrown away (SO_LINGER 0): the client sees RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
