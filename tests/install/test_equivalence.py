"""py-rattler with the ``@EXPLICIT`` export, and pip with hashed requirements, make what a build makes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rattler import RepoDataRecord, install

from conda_lockstep.install.link.pip_part import python_of
from conda_lockstep.lock.formats import explicit
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import prefix as prefixes

OF_PIP = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
"""What pip writes of itself: who installed, on whose wish, and from where."""

OF_RECORDS = {"url", "channel", "fn", "md5", "extracted_package_dir", "link"}
"""Where a package came from, through which cache; the export has no md5. Ours say what the lock says."""


def test_every_file_is_the_same_but_what_installers_write_of_themselves(world, forge, tmp_path):
    packages = world.lock("python", "pip", "numpy", "requests", pip=("humanize", "requests-toolbelt"))
    prefix = tmp_path / "env"
    world.build(packages, prefix)
    assert prefixes.read(prefix).packages.environment_id == packages.environment_id
    ours = tree(prefix)
    prefix.rename(tmp_path / "ours")
    by_the_exports(packages, world, prefix, tmp_path)
    theirs = tree(prefix)
    own = {path for path in ours.keys() | theirs.keys() if is_of_installer(path)}
    assert ours.keys() - own == theirs.keys() - own
    assert {path: ours[path] for path in ours.keys() - own} == {
        path: theirs[path] for path in theirs.keys() - own
    }
    assert {path.rpartition("/")[2] for path in own if ".dist-info" in path} <= {*OF_PIP}
    records = sorted(path.name for path in (prefix / "conda-meta").glob("*.json"))
    assert records == sorted(path.name for path in (tmp_path / "ours" / "conda-meta").glob("*.json"))
    for name in records:
        assert record(tmp_path / "ours", name) == record(prefix, name)


def by_the_exports(packages: PackageSet, world, prefix: Path, folder: Path) -> None:
    """Install as somebody without lockstep would."""
    lines = explicit.render(packages, world.subdir).splitlines()
    archives = [line.partition("#") for line in lines if line.startswith("http")]
    records = []
    for url, _, fragment in archives:
        path = Path(unquote(urlsplit(world.mirrors.fetch_url(url)).path))
        assert hashlib.sha256(path.read_bytes()).hexdigest() == fragment.removeprefix("sha256:")
        records.append(asyncio.run(RepoDataRecord.from_package_archive(path)))
    asyncio.run(install(records, prefix, cache_dir=folder / "pkgs", show_progress=False))
    requirements = folder / "requirements.txt"
    requirements.write_text(
        "".join(
            f"{package.name} @ {world.mirrors.fetch_url(package.url)} --hash=sha256:{package.sha256}\n"
            for package in packages.only("pip").values()
        )
    )
    pip = [python_of(prefix), "-I", "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run(
        [*pip, "--require-hashes", "-r", requirements],
        check=True, timeout=120, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


def tree(prefix: Path) -> dict[str, tuple[str, int]]:
    """Return every file with its bytes or its target, and its permissions; byte code belongs to who runs first."""
    found = {}
    for path in prefix.rglob("*"):
        name = path.relative_to(prefix).as_posix()
        if path.is_symlink():
            found[name] = (str(path.readlink()), 0)
        elif path.is_file() and not name.startswith("conda-meta/") and "__pycache__" not in name:
            found[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), stat.S_IMODE(path.stat().st_mode))
    return found


def is_of_installer(path: str) -> bool:
    return ".dist-info/" in path and path.rpartition("/")[2] in OF_PIP


def record(prefix: Path, name: str) -> dict[str, object]:
    loaded = json.loads((prefix / "conda-meta" / name).read_text())
    return {key: value for key, value in loaded.items() if key not in OF_RECORDS}
