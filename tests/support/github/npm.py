"""Files out of packages of the npm registry, fetched once and kept."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(__file__).parents[3] / ".cache" / "openapi"


class UnavailableError(Exception):
    """A package is neither cached nor to be had from the npm registry."""


def member(package: str, version: str, name: str) -> Path:
    """The path of one file of a package, fetched first if need be."""
    target = CACHE / f"{package.replace('/', '-')}-{version}-{Path(name).name}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            written = Path(scratch) / "member"
            written.write_bytes(_fetched(Path(scratch), package, version, name))
            written.replace(target)
    return target


def package(name: str, version: str) -> Path:
    """The folder of a whole package, fetched first if need be."""
    target = CACHE / f"{name.replace('/', '-')}-{version}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            with tarfile.open(_packed(Path(scratch), name, version)) as tar:
                tar.extractall(scratch, filter="data")
            (Path(scratch) / "package").replace(target)
    return target


def _fetched(scratch: Path, package: str, version: str, name: str) -> bytes:
    with tarfile.open(_packed(scratch, package, version)) as tar:
        file = tar.extractfile(f"package/{name}")
        assert file is not None
        return file.read()


def _packed(scratch: Path, package: str, version: str) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError(f"npm is not installed, so {package} cannot be fetched")
    packed = subprocess.run(
        [npm, "pack", "--silent", f"{package}@{version}"],
        cwd=scratch, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if packed.returncode:
        raise UnavailableError(f"npm could not fetch {package}: {packed.stderr.strip()[-300:]}")
    [archive] = scratch.glob("*.tgz")
    return archive
