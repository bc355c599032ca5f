"""Attributing the changes of a lock with four solves, against three bare solves, in one run.

The metadata is conda-forge's (``../shared/corpus``), over HTTP on loopback; both sides have its index in their cache.
``lockstep diff --causes`` reads two locks, finds out how the new one was made, solves for both files at both moments,
and looks up what became of the locked files; the bare processes solve only, in one gateway. A
lock made with ``--update NAME`` takes two solves, one for the newest version and one that keeps the rest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import _harness
from benchmarks.lock import CUDA, LOCKSTEP, MACHINE, PYTHON
from tests.support.corpus import ABSENT, find_corpus
from tests.support.http_server import serve

CUTOFF = "2025-10-01"
OTHERS = ("torchvision", "numpy", "pandas", "scikit-learn", "matplotlib-base", "jupyterlab")
BASE = ("python=3.12", "pytorch=2.7.*=cuda*", *OTHERS)
CHANGES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "nothing, updated": (BASE, ["--update-all"]),
    "a loosened pin, kept": (("python=3.12", "pytorch=2.*=cuda*", *OTHERS), []),
    "a loosened pin, updated": (("python=3.12", "pytorch=2.*=cuda*", *OTHERS), ["--update-all"]),
    "a loosened pin, one updated": (("python=3.12", "pytorch=2.*=cuda*", *OTHERS), ["--update=pytorch"]),
    "a tightened pin, kept": (("python=3.12", "pytorch=2.7.*=cuda*", "numpy=1.26", *OTHERS[2:]), []),
}
BARE_SOLVES = """
import asyncio, datetime, sys
from pathlib import Path
from rattler import BuildString, Gateway, GenericVirtualPackage, MatchSpec, PackageName, Version, solve
url, cache, machine, day, base, head, worlds, times = sys.argv[1:]
facts = [fact.split("=") for fact in machine.split()]
gateway = Gateway(cache_dir=Path(cache))
then = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc)
async def run():
    for specs, until in ((head, None), (base, None), (head, then), (base, then))[:int(worlds)] * int(times):
        await solve(
            [f"{url}/conda-forge"], [MatchSpec(spec) for spec in specs.split()], gateway=gateway,
            platforms=["linux-64", "noarch"], exclude_newer=until, timestamp_policy="allow-missing",
            virtual_packages=[GenericVirtualPackage(PackageName(n), Version(v), BuildString(b)) for n, v, b in facts])
asyncio.run(run())
"""


def main() -> None:
    corpus = find_corpus()
    if corpus is None:
        print(f"not measured: {ABSENT}")
        return
    with tempfile.TemporaryDirectory() as folder, serve(corpus / "channels") as server:
        place = Path(folder)
        (place / "lockstep.toml").write_text(f'[mirrors]\n"https://conda.anaconda.org" = "{server.url}"\n')
        os.environ["RATTLER_CACHE_DIR"] = _harness.ENVIRONMENT["RATTLER_CACHE_DIR"] = str(place / "rattler")
        (place / "base").mkdir()
        lock(place / "base", BASE, ["--exclude-newer", CUTOFF, "--cuda", CUDA, "--platform", "linux-64"])
        for title, (entries, options) in CHANGES.items():
            shutil.copy(place / "base" / "conda-lock.yml", place)
            lock(place, entries, options)
            causes = [*PYTHON, LOCKSTEP, "diff", "base/conda-lock.yml", "conda-lock.yml", "--causes"]
            bare = [*PYTHON, BARE_SOLVES, server.url, str(place / "rattler" / "repodata"), MACHINE, CUTOFF]
            bare += [" ".join(BASE), " ".join(entries)]
            times = "2" if "one updated" in title else "1"
            _harness.compare(
                f"attribution: {title} (four solves at most 1.3 x three)",
                {
                    "three bare solves": [*bare, "3", times],
                    "four bare solves": [*bare, "4", times],
                    "lockstep diff --causes": causes,
                },
                cwd=place,
                runs=7,
            )


def lock(folder: Path, entries: Sequence[str], options: Sequence[str]) -> None:
    """Write an environment file, and lock it."""
    listed = "".join(f"  - {entry}\n" for entry in entries)
    (folder / "environment.yml").write_text(f"channels: [conda-forge]\ndependencies:\n{listed}")
    command = [*PYTHON, LOCKSTEP, "lock", *options, "environment.yml"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
