"""Locking, reading and checking, each against the bare tool that does the work, in one run.

The solve is of conda-forge's real metadata (``../shared/corpus``), over HTTP on loopback; the lock that is read has
some 3,000 packages, made of real ones.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import _harness
from tests.support.corpus import ABSENT, find_corpus
from tests.support.http_server import serve

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import read
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet

CUDA = "12.9"
SPECS = (
    "python=3.12",
    "pytorch=2.*=cuda*",
    "torchvision",
    "numpy",
    "pandas",
    "scikit-learn",
    "matplotlib-base",
    "jupyterlab",
)
LOCKSTEP = "from conda_lockstep.cli.main import entry; entry()"

MACHINE = f"__archspec=1=x86_64 __cuda={CUDA}=0 __glibc=2.28=0 __linux=5.10=0 __unix=0=0"
BARE_SOLVE = """
import asyncio, sys
from pathlib import Path
from rattler import BuildString, Gateway, GenericVirtualPackage, MatchSpec, PackageName, Version, solve
url, cache, machine, *specs = sys.argv[1:]
facts = [fact.split("=") for fact in machine.split()]
records = asyncio.run(solve(
    [f"{url}/conda-forge"], [MatchSpec(spec) for spec in specs], gateway=Gateway(cache_dir=Path(cache)),
    platforms=["linux-64", "noarch"],
    virtual_packages=[GenericVirtualPackage(PackageName(n), Version(v), BuildString(b)) for n, v, b in facts]))
assert len(records) > 100
"""

PYTHON = (sys.executable, "-c")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_corpus()
        if corpus is None:
            print(f"lock, read and check are left out: {ABSENT}")
        else:
            locking(Path(folder), corpus)
            reading(Path(folder), corpus)


def locking(folder: Path, corpus: Path) -> None:
    """Lock a PyTorch environment with CUDA; both sides read a cached index and ask the server whether it is current."""
    with serve(corpus / "channels") as server:
        (folder / "lockstep.toml").write_text(f'[mirrors]\n"https://conda.anaconda.org" = "{server.url}"\n')
        entries = "".join(f"  - {spec}\n" for spec in SPECS)
        (folder / "environment.yml").write_text(f"channels: [conda-forge]\ndependencies:\n{entries}")
        cache = folder / "rattler"
        lockstep = ["env", f"RATTLER_CACHE_DIR={cache}", sys.executable, "-c", LOCKSTEP]
        measure(
            "lock of a PyTorch environment with CUDA",
            {
                "bare py-rattler solve": [
                    *PYTHON,
                    BARE_SOLVE,
                    server.url,
                    str(cache / "repodata"),
                    MACHINE,
                    *SPECS,
                ],
                "lockstep lock": [*lockstep, "lock", "--cuda", CUDA, "--platform", "linux-64"],
                "lockstep lock --check": [*lockstep, "lock", "--check"],
            },
            cwd=folder,
        )


def reading(folder: Path, corpus: Path) -> None:
    """Read a lock of some 3,000 packages, and check it: whole processes, both."""
    with serve(corpus / "channels") as server:
        file = read(
            corpus / "environments" / "pangeo-data__pangeo-docker-images__pangeo-notebook-environment.yml"
        )
        lock = make_lock(
            file,
            Settings(("linux-64",), mirrors=Mirrors({"https://conda.anaconda.org": server.url}, TRUSTED)),
        )
    packages = lock.platforms["linux-64"]
    platforms = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
    # The machine of the first platform is that of all: the packages are its packages.
    facts = {
        key.replace("linux-64.", f"{name}."): value
        for name in platforms
        for key, value in lock.metadata.items()
    }
    large = replace(
        lock,
        platforms={name: _moved(packages, name) for name in platforms},
        sources=("environment.yml",),
        metadata=facts,
    )
    cep37.write(large, folder / "large.conda-lock.yml")
    size = sum(map(len, large.platforms.values()))
    path = str(folder / "large.conda-lock.yml")
    shutil.copyfile(file.path, folder / "large.yml")
    run = "from sys import argv; from pathlib import Path; from {} import {} as read; read(Path(argv[1]))"
    ours, theirs = (
        run.format("conda_lockstep.lock.formats.cep37", "read"),
        run.format("conda_lock.lockfile", "parse_conda_lock_file"),
    )
    libyaml = "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)"
    measure(
        f"read a lock of {size} packages",
        {
            "lockstep's reader": [*PYTHON, ours, path],
            "python -c 'import yaml'": [*PYTHON, "import yaml"],
            "PyYAML's CSafeLoader": [*PYTHON, libyaml, path],
            "conda-lock's reader": [sys.executable, "-W", "ignore", "-c", theirs, path],
        },
        runs=5,
    )
    measure(
        f"check that a lock of {size} packages fits, reading included (at most 2 x)",
        {
            "lockstep's reader": [*PYTHON, ours, path],
            "lockstep lock --check": [*PYTHON, LOCKSTEP, "lock", "--check", str(folder / "large.yml")],
        },
    )


def measure(
    title: str, commands: Mapping[str, Sequence[str]], *, cwd: Path | None = None, runs: int = 15
) -> None:
    """Run each command once, to see that it does its work, then all of them in turn."""
    for command in commands.values():
        subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    _harness.compare(title, commands, cwd=cwd, runs=runs)


def _moved(packages: PackageSet, platform: str) -> PackageSet:
    return PackageSet.of(
        package._replace(subdir=platform, url=package.url.replace("/linux-64/", f"/{platform}/"))
        if package.subdir != "noarch"
        else package
        for package in packages.values()
    )


if __name__ == "__main__":
    main()
