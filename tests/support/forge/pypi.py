"""Writes a PyPI index as files: PEP 503 pages, PEP 691 JSON, PEP 658 metadata, and one project without wheels."""

from __future__ import annotations

import gzip
import hashlib
import html
import io
import json
import os
import shutil
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from tests.support.forge.archive import write_bytes
from tests.support.forge.wheel import Wheel

SDIST_ONLY = "forge-sdist-only"
"""A project that has no wheel; its setup.py writes the file SDIST_MARKER names in the environment, if set."""
SDIST_MARKER = "FORGE_SDIST_RAN"
SDIST_RELEASED = datetime(2025, 1, 1, 12, 0, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a project; ``metadata`` is the wheel's METADATA, served beside it; ``yanked`` says why (PEP 592)."""

    path: Path
    uploaded: datetime
    sha256: str
    requires_python: str = ""
    metadata: bytes = b""
    yanked: str = ""


def write_index(root: Path, wheels: Iterable[tuple[Path, datetime]]) -> None:
    """Write ``root/files/*`` and ``root/simple/NAME/index.{html,json}``, for a file:// URL or a plain server."""
    files = root / "files"
    files.mkdir(parents=True)
    projects: defaultdict[str, list[Upload]] = defaultdict(list)
    for path, uploaded in sorted(wheels):
        upload = _upload(_linked(path, files), uploaded)
        projects[canonicalize_name(parse_wheel_filename(path.name)[0])].append(upload)
    projects[SDIST_ONLY].append(_sdist(files))
    for name, uploads in projects.items():
        write_page(root / "simple" / name, name, uploads)
    links = "".join(f'<a href="{name}/">{name}</a><br>\n' for name in sorted(projects))
    write_bytes(root / "simple" / "index.html", _page("Simple index", links))


def write_page(folder: Path, name: str, uploads: Iterable[Upload]) -> None:
    """Write the pages of one project, in HTML and in JSON; the files lie in ``files/`` two folders above."""
    uploads = list(uploads)
    links = "".join(f"{_anchor(upload)}<br>\n" for upload in uploads)
    write_bytes(folder / "index.html", _page(f"Links for {name}", links))
    versions = sorted({_version(upload.path.name) for upload in uploads})
    answer = {
        "meta": {"api-version": "1.1"},
        "name": name,
        "versions": versions,
        "files": [_file(upload) for upload in uploads],
    }
    write_bytes(folder / "index.json", (json.dumps(answer, indent=1) + "\n").encode())


def _upload(path: Path, uploaded: datetime) -> Upload:
    wheel = Wheel(path)
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name)
    write_bytes(path.with_name(f"{path.name}.metadata"), metadata)
    return Upload(
        path, uploaded, _sha256(path.read_bytes()), str(wheel.metadata.requires_python or ""), metadata
    )


def _linked(path: Path, folder: Path) -> Path:
    target = folder / path.name
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)
    return target


def _anchor(upload: Upload) -> str:
    name = upload.path.name
    attributes = f'href="../../files/{name}#sha256={upload.sha256}"'
    if upload.requires_python:
        attributes += f' data-requires-python="{html.escape(upload.requires_python)}"'
    if upload.metadata:
        attributes += f' data-core-metadata="sha256={_sha256(upload.metadata)}"'
    if upload.yanked:
        attributes += f' data-yanked="{html.escape(upload.yanked)}"'
    return f"<a {attributes}>{name}</a>"


def _file(upload: Upload) -> dict[str, object]:
    return {
        "filename": upload.path.name,
        "url": f"../../files/{upload.path.name}",
        "hashes": {"sha256": upload.sha256},
        "requires-python": upload.requires_python or None,
        "core-metadata": {"sha256": _sha256(upload.metadata)} if upload.metadata else False,
        "size": upload.path.stat().st_size,
        "upload-time": upload.uploaded.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "yanked": upload.yanked or False,
    }


def _page(title: str, body: str) -> bytes:
    head = '<meta name="pypi:repository-version" content="1.1">'
    return f"<!DOCTYPE html>\n<html><head>{head}<title>{title}</title></head><body>\n{body}</body></html>\n".encode()


def _version(filename: str) -> str:
    parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    return str(parse(filename)[1])


def _sdist(files: Path) -> Upload:
    """An sdist that tells on whoever runs it."""
    stem = f"{SDIST_ONLY.replace('-', '_')}-1.0"
    setup = (
        "import os, pathlib\n\n"
        f"if os.environ.get({SDIST_MARKER!r}):\n"
        f"    pathlib.Path(os.environ[{SDIST_MARKER!r}]).write_text('setup.py ran\\n')\n"
        "from setuptools import setup\n\n"
        f"setup(name={SDIST_ONLY!r}, version='1.0', py_modules=[])\n"
    )
    contents = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {SDIST_ONLY}\nVersion: 1.0\n",
        "setup.py": setup,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in contents.items():
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mtime = len(text), int(SDIST_RELEASED.timestamp())
            tar.addfile(entry, io.BytesIO(text.encode()))
    path = write_bytes(files / f"{stem}.tar.gz", gzip.compress(buffer.getvalue(), mtime=0))
    return Upload(path, SDIST_RELEASED, _sha256(path.read_bytes()))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
