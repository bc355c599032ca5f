"""Writes and reads ``.conda`` files whose bytes depend on nothing but what is in them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import zstandard

COMPRESSION_LEVEL = 3
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
NOARCH_PYTHON_HASH = "pyhd8ed1ab"
NOARCH_GENERIC_HASH = "hd8ed1ab"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a package; ``link`` makes it a symbolic link, ``placeholder`` is the prefix written in it."""

    path: str
    data: bytes = b""
    executable: bool = False
    link: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A conda package before it is written; ``noarch`` is "", "python" or "generic", ``released`` is UTC."""

    name: str
    version: str
    build: str
    released: datetime
    number: int = 0
    subdir: str = "noarch"
    noarch: str = ""
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    license: str = ""
    summary: str = ""
    members: tuple[Member, ...] = ()
    entry_points: tuple[str, ...] = ()
    site_packages: str = ""

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def filename(self) -> str:
        return f"{self.stem}.conda"

    @property
    def milliseconds(self) -> int:
        return int(self.released.timestamp()) * 1000


def variant_hash(*inputs: str) -> str:
    """``h`` and seven hex digits, as conda-build writes them; here over what the build depends on."""
    return "h" + hashlib.sha1("\n".join(inputs).encode(), usedforsecurity=False).hexdigest()[:7]


def write(draft: Draft, folder: Path) -> Path:
    """Write ``folder/NAME-VERSION-BUILD.conda`` and return its path; the same draft gives the same bytes.

    The file is renamed into place, so that hard links to an earlier one keep their bytes.
    """
    ordered = replace(draft, members=tuple(sorted(draft.members, key=lambda member: member.path)))
    parts = {
        "metadata.json": _json({"conda_pkg_format_version": 2}),
        f"pkg-{draft.stem}.tar.zst": _tar_zst(ordered.members, draft.released),
        f"info-{draft.stem}.tar.zst": _tar_zst(_info(ordered), draft.released),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), data)
    return write_bytes(folder / draft.filename, buffer.getvalue())


def read(path: Path) -> Draft:
    """Read what :func:`write` wrote; ``write(read(p))`` gives the bytes of ``p`` again."""
    stem = path.name.removesuffix(".conda")
    with zipfile.ZipFile(path) as archive:
        info = _untar(archive.read(f"info-{stem}.tar.zst"))
        members = _untar(archive.read(f"pkg-{stem}.tar.zst"))
    files = {member.path: json.loads(member.data) for member in info if member.path.endswith(".json")}
    index, about = files["info/index.json"], files["info/about.json"]
    placeholders = {
        entry["_path"]: entry.get("prefix_placeholder", "") for entry in files["info/paths.json"]["paths"]
    }
    return Draft(
        name=index["name"],
        version=index["version"],
        build=index["build"],
        released=datetime.fromtimestamp(index["timestamp"] / 1000, timezone.utc),
        number=index["build_number"],
        subdir=index["subdir"],
        noarch=index.get("noarch", ""),
        depends=tuple(index["depends"]),
        constrains=tuple(index["constrains"]),
        license=index["license"],
        summary=about["summary"],
        members=tuple(replace(member, placeholder=placeholders[member.path]) for member in members),
        entry_points=tuple(files.get("info/link.json", {}).get("noarch", {}).get("entry_points", ())),
        site_packages=index.get("python_site_packages_path", ""),
    )


def index_of(draft: Draft) -> dict[str, object]:
    """Return ``info/index.json`` of a package: its repodata record without size and hashes."""
    index: dict[str, object] = {
        "build": draft.build,
        "build_number": draft.number,
        "constrains": list(draft.constrains),
        "depends": list(draft.depends),
        "license": draft.license,
        "name": draft.name,
        "subdir": draft.subdir,
        "timestamp": draft.milliseconds,
        "version": draft.version,
    }
    if draft.noarch:
        index["noarch"] = draft.noarch
    else:
        system, _, bits = draft.subdir.partition("-")
        index |= {"platform": system, "arch": {"64": "x86_64"}.get(bits, bits)}
    if draft.site_packages:
        index["python_site_packages_path"] = draft.site_packages
    return dict(sorted(index.items()))


def write_bytes(path: Path, data: bytes) -> Path:
    """Write to a temporary beside ``path`` and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
        temporary.write(data)
    Path(temporary.name).chmod(0o644)
    Path(temporary.name).replace(path)
    return path


def _info(draft: Draft) -> Iterable[Member]:
    yield Member("info/about.json", _json({"license": draft.license, "summary": draft.summary}))
    yield Member("info/files", "".join(f"{member.path}\n" for member in draft.members).encode())
    yield Member("info/index.json", _json(index_of(draft)))
    if draft.noarch == "python":
        noarch = {"entry_points": list(draft.entry_points), "type": "python"}
        yield Member("info/link.json", _json({"noarch": noarch, "package_metadata_version": 1}))
    paths = [_path_entry(member) for member in draft.members]
    yield Member("info/paths.json", _json({"paths": paths, "paths_version": 1}))


def _path_entry(member: Member) -> dict[str, object]:
    entry: dict[str, object] = {
        "_path": member.path,
        "path_type": "softlink" if member.link else "hardlink",
        "sha256": hashlib.sha256(member.data).hexdigest(),
        "size_in_bytes": len(member.data),
    }
    if member.placeholder:
        entry |= {"file_mode": "text", "prefix_placeholder": member.placeholder}
    return entry


def _tar_zst(members: Iterable[Member], released: datetime) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member in members:
            tar.addfile(_tar_info(member, int(released.timestamp())), io.BytesIO(member.data))
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(buffer.getvalue())


def _tar_info(member: Member, mtime: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(member.path)
    entry.mtime = mtime
    entry.mode = 0o755 if member.executable or member.link else 0o644
    if member.link:
        entry.type, entry.linkname = tarfile.SYMTYPE, member.link
    else:
        entry.size = len(member.data)
    return entry


def _untar(data: bytes) -> list[Member]:
    plain = zstandard.ZstdDecompressor().decompress(data)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return [
            Member(
                path=entry.name,
                data=(tar.extractfile(entry) or io.BytesIO()).read() if entry.isfile() else b"",
                executable=entry.isfile() and bool(entry.mode & 0o111),
                link=entry.linkname,
            )
            for entry in tar
        ]


def _json(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
