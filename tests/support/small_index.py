"""Writes a PyPI index of wheels that hold a name, a version and dependencies: real ones, in a millisecond each.

index = write_small_index(tmp_path / "pypi", [
    SmallWheel("app", "1.0", requires=("lib>=2", "extra-lib; extra == 'more'"), extras=("more",)),
    SmallWheel("lib", "2.0", tag="cp311-cp311-manylinux_2_34_x86_64", yanked="broken"),
    Sdist("only-sdist", "1.0"),
])
index.as_uri()      # .../pypi/simple; the files are in .../pypi/files
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tests.support.forge.archive import write_bytes
from tests.support.forge.pypi import Upload, write_page

RELEASED = datetime(2025, 1, 1, 12, 0, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class SmallWheel:
    """A wheel that installs a module of its name, which holds its version and the tag it was built for."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    tag: str = "py3-none-any"
    build: str = ""
    requires_python: str = ""
    yanked: str = ""

    @property
    def module(self) -> str:
        return self.name.lower().replace("-", "_").replace(".", "_")

    @property
    def filename(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.module}-{self.version}{build}-{self.tag}.whl"

    @property
    def metadata(self) -> bytes:
        lines = ["Metadata-Version: 2.1", f"Name: {self.name}", f"Version: {self.version}"]
        lines += [f"Requires-Python: {self.requires_python}"] if self.requires_python else []
        lines += [f"Provides-Extra: {extra}" for extra in self.extras]
        lines += [f"Requires-Dist: {requirement}" for requirement in self.requires]
        return "".join(f"{line}\n" for line in lines).encode()

    def write(self, folder: Path) -> Path:
        """Write the wheel; the same one has the same bytes."""
        info = f"{self.module}-{self.version}.dist-info"
        python, abi, platforms = self.tag.split("-")
        tags = "".join(f"Tag: {python}-{abi}-{platform}\n" for platform in platforms.split("."))
        pure = "true" if self.tag.endswith("-any") else "false"
        members = {
            f"{self.module}.py": f"VERSION = {self.version!r}\nTAG = {self.tag!r}\n".encode(),
            f"{info}/METADATA": self.metadata,
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: small\nRoot-Is-Purelib: {pure}\n{tags}".encode(),
        }
        record = "".join(f"{name},,\n" for name in (*members, f"{info}/RECORD"))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in {**members, f"{info}/RECORD": record.encode()}.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        return write_bytes(folder / self.filename, buffer.getvalue())


@dataclass(frozen=True, slots=True)
class Sdist:
    """A source distribution whose setup.py fails: nothing may run it."""

    name: str
    version: str

    def write(self, folder: Path) -> Path:
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        contents = {
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n",
            "setup.py": "raise SystemExit('setup.py ran')\n",
        }
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in contents.items():
                entry = tarfile.TarInfo(f"{stem}/{name}")
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text.encode()))
        return write_bytes(folder / f"{stem}.tar.gz", buffer.getvalue())


def write_small_index(root: Path, files: Iterable[SmallWheel | Sdist]) -> Path:
    """Write the files and their pages below ``root``; return ``root/simple``."""
    (root / "files").mkdir(parents=True)
    (root / "simple").mkdir()
    projects: defaultdict[str, list[Upload]] = defaultdict(list)
    for file in files:
        path = file.write(root / "files")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        upload = Upload(path, RELEASED, digest)
        if isinstance(file, SmallWheel):
            write_bytes(path.with_name(f"{path.name}.metadata"), file.metadata)
            upload = Upload(path, RELEASED, digest, file.requires_python, file.metadata, file.yanked)
        projects[file.name.lower().replace("_", "-").replace(".", "-")].append(upload)
    for name, uploads in projects.items():
        write_page(root / "simple" / name, name, uploads)
    return root / "simple"
