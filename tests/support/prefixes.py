"""Real prefixes installed from the forge's channel, the locks that describe them, and cheap copies to damage."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_lockstep.conda.urls import split_package_url
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from tests.support.forge import Forge

if TYPE_CHECKING:
    from rattler import RepoDataRecord

SPECS = ("python", "pip", "numpy", "requests", "pyyaml", "tqdm", "six", "pytorch", "cuda-version")


def solve(forge: Forge, specs: Sequence[str] = SPECS, *, cuda: str = "12.9") -> list[RepoDataRecord]:
    """Solve for a machine whose driver supports this CUDA; for one without a GPU where it is empty."""
    from rattler import (
        BuildString,
        Channel,
        GenericVirtualPackage,
        MatchSpec,
        PackageName,
        Subdir,
        Version,
        VirtualPackage,
    )
    from rattler import solve as rattler_solve

    virtual = [package.into_generic() for package in VirtualPackage.detect()]
    virtual = [package for package in virtual if package.name.normalized != "__cuda"]
    if cuda:
        virtual.append(GenericVirtualPackage(PackageName("__cuda"), Version(cuda), BuildString("0")))
    return asyncio.run(
        rattler_solve(
            [Channel(forge.channel_url)],
            [MatchSpec(spec) for spec in specs],
            platforms=[Subdir(forge.subdir), Subdir("noarch")],
            virtual_packages=virtual,
        )
    )


def install(records: Sequence[RepoDataRecord], prefix: Path, cache: Path) -> None:
    """Install records as they are."""
    from rattler import install as rattler_install

    asyncio.run(rattler_install(list(records), prefix, cache_dir=cache, show_progress=False))


def lock_of(records: Sequence[RepoDataRecord], platform: str) -> Lock:
    """Return the lock that describes records."""
    packages = PackageSet.of(map(package_of, records))
    return Lock(
        {platform: packages}, channels=(packages[("conda", "python")].channel,), sources=("environment.yml",)
    )


def package_of(record: RepoDataRecord) -> Package:
    """Return a record as a package."""
    return Package(
        "conda",
        record.name.normalized,
        str(record.version),
        str(record.build),
        record.subdir,
        split_package_url(record.url).channel,
        record.url,
        sha256=record.sha256.hex() if record.sha256 else "",
        md5=record.md5.hex() if record.md5 else "",
        size=record.size or 0,
        timestamp=int(record.timestamp.timestamp()) if record.timestamp else 0,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
    )


@dataclass(frozen=True, slots=True)
class Installed:
    """A sound prefix and its lock. ``prefix`` is for reading; what is to be damaged is a copy of it."""

    prefix: Path
    lock: Lock
    lock_file: Path
    platform: str

    @property
    def packages(self) -> PackageSet:
        return self.lock.platforms[self.platform]


@pytest.fixture(scope="session")
def installed(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A prefix with a real CPython, NumPy and a dozen more, as its lock says; for the conftest of a folder."""
    from conda_lockstep.lock.formats import cep37

    folder = tmp_path_factory.mktemp("installed")
    records = solve(forge)
    install(records, folder / "prefix", folder / "cache")
    lock = lock_of(records, forge.subdir)
    cep37.write(lock, folder / "conda-lock.yml")
    return Installed(folder / "prefix", lock, folder / "conda-lock.yml", forge.subdir)


def copy_of(prefix: Path, to: Path) -> Path:
    """Copy a prefix in a moment, and rewrite what names its folder, as ``conda-unpack`` does.

    Files are hard links, except for the records in ``conda-meta`` and what is rewritten.
    """
    moved_copy_of(prefix, to)
    unpack(to, prefix)
    return to


def moved_copy_of(prefix: Path, to: Path) -> Path:
    """Copy a prefix as ``cp -r`` does: its files still name the folder that it was built in."""
    shutil.copytree(prefix, to, symlinks=True, copy_function=os.link, ignore=lambda *_: ["conda-meta"])
    shutil.copytree(prefix / "conda-meta", to / "conda-meta")
    return to


def unpack(prefix: Path, old: Path) -> None:
    """Rewrite the text files of a prefix that name the folder ``old``; their records stay as they are."""
    for path in prefix.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.parent.name == "conda-meta":
            continue
        content = path.read_bytes()
        if os.fsencode(old) in content and b"\0" not in content:
            mode = path.stat().st_mode
            path.unlink()
            path.write_bytes(content.replace(os.fsencode(old), os.fsencode(prefix)))
            path.chmod(mode)


def pip(prefix: Path, *arguments: str) -> None:
    """Run the pip of a prefix, away from this user's settings."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(prefix.parent), "PIP_NO_CACHE_DIR": "1"}
    command = [
        str(prefix / "bin" / "python"),
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        *arguments,
    ]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, cwd="/")
    assert done.returncode == 0, done.stderr
