"""Reads the pages of package indexes: the files of a project, and which of them were yanked (PEP 503, 592 and 691)."""

from __future__ import annotations

import html
import http.client
import json
import re
import urllib.error
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.pip.fetch_metadata import AT_ONCE, open_url

JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPTED = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_MAX_PAGE = 64 << 20
_ANCHOR = re.compile(r"<a\s([^>]*)>([^<]*)</a>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")


class IndexFile(NamedTuple):
    """A file of a project on an index; ``yanked`` is the publisher's reason, None for a file that is not yanked."""

    name: str
    url: str
    yanked: str | None


def index_files(
    projects: Iterable[str], indexes: Sequence[str], access: Access
) -> Mapping[str, tuple[IndexFile, ...]]:
    """Return the files of each project on all of some indexes, by its normalised name; none for an unknown project.

    Raises ``LockstepError`` for a page that cannot be read.
    """
    from concurrent.futures import ThreadPoolExecutor

    def of(project: str) -> tuple[IndexFile, ...]:
        return tuple(file for index in indexes for file in _page(f"{index.rstrip('/')}/{project}/", access))

    projects = sorted(set(projects))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(projects, pool.map(of, projects), strict=True))


def _page(url: str, access: Access) -> list[IndexFile]:
    try:
        text = _text(url, access)
        return _of_json(text, url) if text.lstrip().startswith("{") else _of_html(text, url)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        what = f"the page of the index cannot be read: {getattr(error, 'reason', '') or error}"
        raise LockstepError(what, where=url, remedy="check the index, then run the command again") from None


def _text(url: str, access: Access) -> str:
    if urlsplit(url).scheme == "file":
        path = Path(unquote(urlsplit(url).path), "index.html")
        return path.read_text("utf-8") if path.is_file() else ""
    try:
        with open_url(url, access, accept=_ACCEPTED) as answer:
            return answer.read(_MAX_PAGE).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return ""
        raise


def _of_json(text: str, url: str) -> list[IndexFile]:
    found = []
    for file in json.loads(text)["files"]:
        yanked = file.get("yanked", False)
        reason = yanked if isinstance(yanked, str) else "" if yanked else None
        found.append(IndexFile(str(file["filename"]), urljoin(url, str(file["url"])), reason))
    return found


def _of_html(text: str, url: str) -> list[IndexFile]:
    found = []
    for match in _ANCHOR.finditer(text):
        values = {
            name.lower(): html.unescape(one or other) for name, one, other in _ATTRIBUTE.findall(match[1])
        }
        if "href" in values:
            link = urljoin(url, values["href"]).partition("#")[0]
            found.append(IndexFile(unquote(link.rpartition("/")[2]), link, values.get("data-yanked")))
    return found
