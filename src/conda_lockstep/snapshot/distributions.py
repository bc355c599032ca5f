"""Reads the Python distributions in a ``site-packages`` folder: PEP 376 and 610, and the egg-info before them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conda_lockstep.conda.project_names import normalize, normalize_version
from conda_lockstep.conda.urls import unquote, without_credentials
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.text.json_fields import load_json

_SUFFIXES = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}


class Distribution(NamedTuple):
    """A ``.dist-info`` or ``.egg-info`` in site-packages, by its absolute path."""

    path: str

    @property
    def stem(self) -> str:
        """Return ``NAME-VERSION`` of the path's last part; an egg-info may add more, or leave out the version."""
        return os.path.splitext(os.path.basename(self.path))[0]

    @property
    def project(self) -> str:
        """Return the name as PEP 503 normalises it."""
        return normalize(self.stem.partition("-")[0])


def listing(folder: str) -> list[str]:
    """Return the names in a folder; none where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def find_distributions(site_packages: str, names: Iterable[str]) -> Iterator[Distribution]:
    """Yield the distributions among the names in a folder; what pip left of a killed run (``~umpy``) is none."""
    for name in names:
        if name.endswith(tuple(_SUFFIXES)) and not name.startswith("~"):
            yield Distribution(f"{site_packages}/{name}")


def read_installer(distribution: Distribution) -> str:
    """Return what the INSTALLER file says: ``conda``, ``pip``, ``uv``; empty without one (PEP 376)."""
    try:
        with open(
            os.path.join(distribution.path, "INSTALLER"), encoding="utf-8", errors="replace", opener=no_wait
        ) as file:
            return file.read(100).strip()
    except OSError:
        return ""


def recorded_paths(distribution: Distribution) -> Iterator[str]:
    """Yield the paths of its RECORD, relative to site-packages (PEP 376); what has a comma or a quote is left out."""
    try:
        with open(
            os.path.join(distribution.path, "RECORD"), encoding="utf-8", errors="replace", opener=no_wait
        ) as lines:
            for line in lines:
                if not line.startswith('"'):
                    yield line.partition(",")[0]
    except OSError:
        return


def read_package(distribution: Distribution) -> Package | None:
    """Read the package of a distribution; None where it has no metadata, which Python's tools ignore, too.

    Its version is spelled as in a lock, whatever the metadata say: two spellings must not be two environments.
    """
    headers = _headers(distribution.path)
    if headers is None:
        return None
    name, version, requires = headers
    from_name = distribution.stem.partition("-")[2]
    url, sha256 = _origin(distribution.path)
    return Package(
        "pip",
        normalize(name) if name else distribution.project,
        normalize_version(version or from_name.partition("-py")[0]),
        url=url,
        sha256=sha256,
        depends=requires,
    )


def _headers(path: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return name, version and requirements of the metadata file (an egg-info may be that file itself)."""
    file = path if os.path.isfile(path) else os.path.join(path, _SUFFIXES[os.path.splitext(path)[1]])
    name = version = ""
    requires = []
    try:
        with open(file, encoding="utf-8", errors="replace", opener=no_wait) as lines:
            for line in lines:
                key, colon, value = line.partition(":")
                if not line.strip():
                    break  # the description follows
                if colon and key == "Name":
                    name = value.strip()
                elif colon and key == "Version":
                    version = value.strip()
                elif colon and key == "Requires-Dist":
                    requires.append(value.strip())
    except OSError:
        return None
    return name, version, tuple(requires)


def _editable(url: str) -> str:
    """Return the URL of an editable project, with the commit that its folder's repository is at, where git says so.

    Whoever installs a commit editable clones it, and PEP 610 has no place for the commit.
    """
    commit = _head(unquote(url.removeprefix("file://")))
    return f"{url}#editable=true" + (f"&commit={commit}" if commit else "")


def _head(folder: str) -> str:
    """Return the commit of the checkout that a folder is in; nothing where two small files of git do not tell."""
    while len(folder) > 1:
        if head := _line(os.path.join(folder, ".git", "HEAD")):
            if head.startswith("ref: refs/heads/") and ".." not in head:
                head = _line(os.path.join(folder, ".git", head.removeprefix("ref: ")))
            return head if len(head) in (40, 64) and head.isalnum() else ""
        folder = os.path.dirname(folder)
    return ""


def _line(path: str) -> str:
    try:
        with open(path, encoding="ascii", opener=no_wait) as file:
            return file.read(300).strip()
    except (OSError, ValueError):
        return ""


def _origin(path: str) -> tuple[str, str]:
    """Return URL and sha256 of what did not come from an index, as ``direct_url.json`` has them (PEP 610)."""
    try:
        with open(os.path.join(path, "direct_url.json"), encoding="utf-8", opener=no_wait) as file:
            record = load_json(file.read())
    except (OSError, ValueError):
        return "", ""
    if not isinstance(record, dict) or "url" not in record:
        return "", ""
    url = without_credentials(str(record["url"]))
    folder = record.get("dir_info")
    if isinstance(folder, dict):
        return (_editable(url), "") if folder.get("editable") is True else (url, "")
    vcs, archive = record.get("vcs_info"), record.get("archive_info")
    if isinstance(vcs, dict):
        inside = record.get("subdirectory")
        fragment = f"#subdirectory={inside}" if isinstance(inside, str) and inside else ""
        return f"{vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', '')}{fragment}", ""
    if isinstance(archive, dict):
        hashes = archive.get("hashes")
        sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
        return url, sha256 if isinstance(sha256, str) else str(archive.get("hash", "")).partition("sha256=")[
            2
        ]
    return url, ""
