"""Completes what the installers record in a prefix: a lock does not hold all that conda keeps in ``conda-meta``.

What is missing is in the package's own ``info/index.json``. Where a mirror was used, the lock's URL is what counts.
Files are written in place: a build that is killed is started anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.packages import Package

_FROM_INDEX = (
    "arch", "build_number", "constrains", "features", "license", "license_family", "noarch", "platform",
    "python_site_packages_path", "timestamp", "track_features",
)  # fmt: skip


def complete_records(prefix: Path, packages: Sequence[Package]) -> None:
    """Write into the record of each package what its archive and the lock know of it."""
    by_file = {f"{package.name}-{package.version}-{package.build}.json": package for package in packages}
    for path in (prefix / "conda-meta").glob("*.json"):
        package = by_file.get(path.name)
        if package is None:
            continue
        record = _mapping(path)
        index = _mapping(Path(str(record.get("extracted_package_dir", ""))) / "info" / "index.json")
        complete = {**record, **{key: index[key] for key in _FROM_INDEX if index.get(key) not in (None, "")}}
        complete |= {"url": package.url, "channel": package.channel}
        if complete != record:
            # Without indentation: json writes that in Python, and PyTorch's record has 12,000 paths.
            path.write_text(json.dumps(complete, ensure_ascii=False) + "\n", encoding="utf-8")


def complete_origins(prefix: Path, packages: Sequence[Package], mirrors: Mirrors) -> None:
    """Put the lock's URL and sha256 into each wheel's ``direct_url.json`` (PEP 610); uv leaves the hash out."""
    by_url = {mirrors.fetch_url(package.url): package for package in packages}
    site_packages = (*prefix.glob("lib/python*/site-packages"), prefix / "Lib" / "site-packages")
    for path in (path for folder in site_packages for path in folder.glob("*.dist-info/direct_url.json")):
        package = by_url.get(str(_mapping(path).get("url", "")))
        if package:
            hashes = {"hash": f"sha256={package.sha256}", "hashes": {"sha256": package.sha256}}
            old, new = path.read_bytes(), json.dumps({"archive_info": hashes, "url": package.url}).encode()
            record, name = path.with_name("RECORD"), f"{path.parent.name}/{path.name}"
            lines = record.read_text("utf-8").replace(f"{name},{_entry(old)}", f"{name},{_entry(new)}")
            path.write_bytes(new)
            record.write_text(lines, encoding="utf-8")


def _entry(data: bytes) -> str:
    """Return hash and size as a RECORD has them (PEP 376, PEP 427)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(data)}"


def _mapping(path: Path) -> Mapping[str, object]:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
