"""``python -m tests.support.forge [--to DIR]``: builds the forge and prints where its things are."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from tests.support.forge import build_forge
from tests.support.forge.download import DownloadError


def main(argv: list[str] | None = None) -> int:
    """Build, copy where asked to, print ``name: value`` lines."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.forge", description=__doc__)
    parser.add_argument("--to", type=Path, metavar="DIR", help="copy channel/ and pypi/ into this folder")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where to build (default: .cache/forge)")
    options = parser.parse_args(argv)
    started = time.perf_counter()
    try:
        forge = build_forge(options.cache)
    except DownloadError as error:
        print(f"forge: {error}", file=sys.stderr)
        return 2
    channel, pypi = forge.channel, forge.pypi
    if options.to:
        channel, pypi = options.to / "channel", options.to / "pypi"
        for folder in (channel, pypi):
            shutil.rmtree(folder, ignore_errors=True)
        forge.copy(channel)
        shutil.copytree(forge.pypi, pypi)
    print(f"channel: {channel.resolve().as_uri()}")
    print(f"pypi: {(pypi.resolve() / 'simple').as_uri()}")
    print(f"python: {forge.python_version}")
    print(f"subdir: {forge.subdir}")
    print(f"packages: {len(forge.records())}")
    print(f"seconds: {time.perf_counter() - started:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
