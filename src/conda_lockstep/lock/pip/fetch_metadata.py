"""Fetches the METADATA of wheels: the file beside the wheel (PEP 658), else a part of the wheel, else the whole.

What was read is cached under the wheel's sha256.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

from conda_lockstep.errors import LockstepError
from conda_lockstep.http_retry import backoff, is_transient
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.pip.pylock import WheelFile
from conda_lockstep.lock.pip.wheel_metadata import WheelMetadata, parse_metadata
from conda_lockstep.text.atomic import write_text

AT_ONCE = 8
TRIES = 3
SILENCE_SECONDS = 60
MAX_METADATA = 16 << 20
"""The most bytes of a METADATA file; the largest hold a README of some hundred kilobytes."""
_TAIL = 1 << 16
"""The bytes from the end of a wheel that are read first: they hold the index of its files."""

_NO_PARTS = {HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, HTTPStatus.NOT_IMPLEMENTED}


def fetch_metadata(files: list[WheelFile], access: Access, cache: Path | None) -> Mapping[str, WheelMetadata]:
    """Return the metadata of wheels by project. ``cache`` is a folder, None for none.

    Raises ``LockstepError`` where a wheel cannot be read.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = pool.map(lambda file: _cached(file, access, cache), files)
        return {file.project: parse_metadata(text) for file, text in zip(files, texts, strict=True)}


def _cached(file: WheelFile, access: Access, cache: Path | None) -> str:
    path = cache / f"{file.sha256}.txt" if cache and file.sha256 else None
    if path and path.is_file():
        return path.read_text("utf-8")
    text = _metadata(file, access).decode("utf-8", "replace")
    if path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text)
        except OSError:
            pass  # a cache that cannot be written, such as one that a cluster shares
    return text


def _metadata(file: WheelFile, access: Access) -> bytes:
    parts = urlsplit(file.url)
    try:
        if parts.scheme == "file":
            with Path(unquote(parts.path)).open("rb") as wheel:
                return _of_wheel(wheel)
        url = file.url.partition("#")[0]
        return _beside(url, access) or _inside(url, access)
    except (OSError, http.client.HTTPException, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        what = f"the metadata of {file.project} {file.version} cannot be read: {_reason(error)}"
        raise LockstepError(what, remedy="check the index, then lock again") from None


def _beside(url: str, access: Access) -> bytes:
    """Return the METADATA that lies beside a wheel, empty where an index has none."""
    try:
        with open_url(f"{url}.metadata", access) as answer:
            text: bytes = answer.read(MAX_METADATA)
    except urllib.error.HTTPError as error:
        error.close()
        if is_transient(error.code):
            raise
        return b""
    # Some servers answer every address with a page.
    return text if text.lstrip().startswith((b"Metadata-Version:", b"metadata-version:")) else b""


def _inside(url: str, access: Access) -> bytes:
    try:
        found = open_url(url, access, f"bytes=-{_TAIL}")
    except urllib.error.HTTPError as error:
        if error.code not in _NO_PARTS:
            raise
        error.close()
        found = open_url(url, access)
    with found as answer:
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            return _of_wheel(io.BytesIO(answer.read()))
        size = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range") or "")
        if size is None:
            raise ValueError("the server sent a part of the file without its place")
        tail = answer.read()
    return _of_wheel(io.BufferedReader(_Remote(url, access, int(size[2]), int(size[1]), tail), _TAIL))


def _of_wheel(wheel: io.BufferedIOBase | io.BytesIO) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", info.filename):
                with archive.open(info) as member:
                    return member.read(MAX_METADATA)
    raise ValueError("the wheel has no METADATA")


class _Remote(io.RawIOBase):
    """A file on a server, read in parts; ``tail`` are its last bytes, which begin at ``start``."""

    def __init__(self, url: str, access: Access, size: int, start: int, tail: bytes) -> None:
        self._url, self._access, self._size, self._start, self._tail = url, access, size, start, tail
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        end = min(self._at + len(buffer), self._size)
        if self._at >= end:
            return 0
        if self._at >= self._start:
            data = self._tail[self._at - self._start : end - self._start]
        else:
            with open_url(self._url, self._access, f"bytes={self._at}-{end - 1}") as answer:
                if answer.status != HTTPStatus.PARTIAL_CONTENT:
                    raise ValueError("the server no longer sends parts of the file")
                data = answer.read(end - self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_url(url: str, access: Access, part: str = "", *, accept: str = "") -> http.client.HTTPResponse:
    """Open a URL; a server that is busy is asked again. Raises ``OSError``."""
    for number in range(1, TRIES + 1):
        request = urllib.request.Request(access.url(url), headers={"User-Agent": "conda-lockstep"})
        request.add_header("Accept-Encoding", "identity")
        if authorization := access.authorization(url):
            request.add_unredirected_header("Authorization", authorization)
        if part:
            request.add_header("Range", part)
        if accept:
            request.add_header("Accept", accept)
        try:
            answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)
            return answer
        except urllib.error.HTTPError as error:
            if number == TRIES or not is_transient(error.code):
                raise
            error.close()
        except OSError:
            if number == TRIES:
                raise
        time.sleep(backoff(number, 0.25))
    raise AssertionError("unreachable")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {error.reason}"
    reason = getattr(error, "reason", None)
    return str(reason if isinstance(reason, BaseException) else error) or type(error).__name__
