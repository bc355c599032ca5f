"""Completes what the installers record in a prefix: a lock does not hold all that conda keeps in ``conda-meta``.

What is missing is in the package's own ``info/index.json``. Where a mirror was used, the lock's URL is what counts.
Files are written in place: a build that is killed is started anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.cache import Caches
from conda_lockstep.packages import Package
from conda_lockstep.text.atomic import umask
from conda_lockstep.text.json_fields import load_json

_FROM_INDEX = (
    "arch", "build_number", "constrains", "features", "license", "license_family", "noarch", "platform",
    "python_site_packages_path", "timestamp", "track_features",
)  # fmt: skip


def complete_records(
    prefix: Path, packages: Sequence[Package], caches: Caches, *, extracted: Container[Package]
) -> None:
    """Let others read the records of packages, and complete those that were ``extracted`` on the way.

    rattler knew of these what the lock holds, and the path of the archive; now their own index can be read. What it
    wrote of their files stays as it is, byte for byte: that is nearly all of a record.
    """
    mode = 0o666 & ~umask()
    for package in packages:
        path = prefix / "conda-meta" / f"{package.name}-{package.version}-{package.build}.json"
        try:
            if package in extracted:
                index = _mapping(caches.extracted(package) / "info" / "index.json")
                path.write_bytes(_completed(path.read_bytes(), package, index))
            path.chmod(mode)
        except OSError as error:
            raise LockstepError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _completed(raw: bytes, package: Package, index: Mapping[str, object]) -> bytes:
    added = {key: index[key] for key in _FROM_INDEX if index.get(key) not in (None, "", [])}
    added |= {"url": package.url, "channel": package.channel, "fn": package.url.rpartition("/")[2]}
    bulk = raw.find(b'\n  "files": [')
    try:
        # A line break cannot stand inside a JSON string: what is before this one is all of the other fields.
        head = load_json(raw[:bulk].rstrip(b",") + b"}") if bulk > 0 else None
    except ValueError:
        head = None
    if not isinstance(head, dict):
        whole = {**json.loads(raw), **added}  # rattler wrote it just now
        return (json.dumps(whole, ensure_ascii=False) + "\n").encode()
    text = json.dumps({**head, **added}, ensure_ascii=False, indent=2).encode()
    return text.removesuffix(b"\n}") + b"," + raw[bulk:]


def complete_origins(prefix: Path, wheels: Mapping[Package, Path]) -> None:
    """Put the lock's URL and sha256 into each wheel's ``direct_url.json`` (PEP 610): uv has the path that it took.

    What uv notes of that path besides goes.
    """
    # Path and uv escape other characters: the + of a local version, for one.
    by_url = {unquote(path.as_uri()): package for package, path in wheels.items()}
    site_packages = (*prefix.glob("lib/python*/site-packages"), prefix / "Lib" / "site-packages")
    for path in (path for folder in site_packages for path in folder.glob("*.dist-info/direct_url.json")):
        package = by_url.get(unquote(str(_mapping(path).get("url", ""))))
        if package:
            hashes = {"hash": f"sha256={package.sha256}", "hashes": {"sha256": package.sha256}}
            replace_origin(path.parent, json.dumps({"archive_info": hashes, "url": package.url}))


def replace_origin(info: Path, text: str) -> None:
    """Write the ``direct_url.json`` of a ``.dist-info`` (PEP 610), and what its RECORD has of it."""
    data, origin = text.encode(), f"{info.name}/direct_url.json"
    lines = (info / "RECORD").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith((f"{origin},", f"{info.name}/uv_cache.json,"))]
    (info / "direct_url.json").write_bytes(data)
    (info / "uv_cache.json").unlink(missing_ok=True)
    (info / "RECORD").write_text("".join([*kept, f"{origin},{_entry(data)}\n"]), encoding="utf-8")


def _entry(data: bytes) -> str:
    """Return hash and size as a RECORD has them (PEP 376, PEP 427)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(data)}"


def _mapping(path: Path) -> Mapping[str, object]:
    try:
        loaded = load_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
