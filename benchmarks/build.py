"""Building a prefix of 200 packages against the bare py-rattler install of the same records, in one run.

Both fetch over HTTP on loopback, check hashes, extract and link some 29,000 files; or only link, where all is cached.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import _harness
from benchmarks._channel import filled_channel, names_of
from tests.support.http_server import serve
from tests.support.prefixes import lock_of, solve

from conda_lockstep.lock.formats import cep37

PACKAGES = 200
BUILD = "from conda_lockstep.cli.main import entry; entry()"
BARE_INSTALL = """
import asyncio, os, sys
from pathlib import Path
from rattler import install
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.channels.records import record_of
lock, prefix, cache = sys.argv[1:]
packages = next(iter(cep37.read(Path(lock)).platforms.values()))
records = [record_of(package) for package in packages.only("conda").values()]
asyncio.run(install(records, prefix, cache_dir=Path(cache) / "pkgs", show_progress=False))
os._exit(0)  # as we do: to take down an interpreter in which rattler ran takes time, and crashes at times
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        forge = filled_channel(folder / "channel", PACKAGES)
        with serve(forge.channel) as server:
            lock = cep37.render(lock_of(solve(forge, names_of(forge)), forge.subdir))
            (folder / "conda-lock.yml").write_text(lock.replace(forge.channel.as_uri(), server.url))
            compare(folder, "nothing cached", ("bare", "ours", "cache"), runs=3)
            compare(folder, "all cached", ("bare", "ours"), runs=7)


def compare(folder: Path, title: str, without: tuple[str, ...], *, runs: int) -> None:
    """Build and install, each into a prefix of its own; the folders ``without`` which they begin are removed ahead."""
    environment = ["env", f"RATTLER_CACHE_DIR={folder / 'cache'}", sys.executable, "-c"]

    def prepare() -> None:
        for name in without:
            shutil.rmtree(folder / name, ignore_errors=True)

    _harness.compare(
        f"build a prefix of {PACKAGES} packages, {title} (at most 1.2 x)",
        {
            "bare py-rattler install": [*environment, BARE_INSTALL, "conda-lock.yml", "bare", "cache"],
            "lockstep build": [*environment, BUILD, "build", "conda-lock.yml", "--prefix", "ours"],
        },
        cwd=folder,
        runs=runs,
        prepare=prepare,
    )


if __name__ == "__main__":
    main()
