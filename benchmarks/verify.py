"""``lockstep verify`` of a real 300-package prefix against starting Python at all, its hashing against the machine's.

The prefix is installed by py-rattler from the forge's channel: a CPython, NumPy and all else that is there,
filled up with generated packages, one of them with as many files as PyTorch. For ``--deep`` it has 8 GB of libraries
more, as PyTorch with CUDA has; they are links to one file, so that disks are not what is measured.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._channel import filled_channel, names_of
from benchmarks._harness import compare
from scripts.build_zipapp import build
from tests.support.prefixes import install, lock_of, solve

from conda_lockstep.lock.formats import cep37, manifest
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.hashing import cores
from conda_lockstep.snapshot.records import parse_record

PACKAGES = 300


CODE = "from conda_lockstep.cli.main import entry; entry()"
CONDA_LIST = 0.7
"""Seconds that ``conda list`` takes for a prefix of five packages, measured once with conda 26.7."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, lock, platform = installed(Path(folder))
        manifest_file, archive = Path(folder, "lock.json"), build(Path(folder, "lockstep.pyz"))
        manifest_file.write_text(manifest.render(cep37.read(lock)))
        python, records = sys.executable, list((prefix / "conda-meta").glob("*.json"))
        size = sum(record.stat().st_size for record in records)
        print(f"{len(records)} packages, {size / 1e6:.1f} MB of conda-meta, {platform}")
        ours = [python, "-I", "-c", CODE]
        # The lock is for CUDA: without a driver the prefix would not match, and a report takes longer.
        verify = ["verify", "--ignore-machine", "--prefix", str(prefix), "--lock"]
        compare(
            f"verify of a {len(records)}-package prefix (conda list of 5 packages: {CONDA_LIST * 1000:.0f} ms)",
            {
                "python -I -c pass": [python, "-I", "-c", "pass"],
                "lockstep --help": [*ours, "--help"],
                "lockstep verify": [*ours, *verify, str(lock)],
                "the same, of a manifest": [*ours, *verify, str(manifest_file)],
                "the same, by the zipapp": [python, "-I", "-S", str(archive), *verify, str(manifest_file)],
            },
        )
        add_libraries(prefix, lock)
        total = size_of_files(prefix)
        compare(
            f"verify --deep of {total / 1e9:.1f} GB over {cores()} cores (at most 1.25 x)",
            {
                "sha256 of as many bytes in memory": [python, "-I", "-c", FLOOR, str(total), str(cores())],
                "lockstep verify --deep": [*ours, *verify, str(lock), "--deep"],
            },
            runs=3,
        )


LIBRARIES, LIBRARY_SIZE = 128, 64 << 20
FLOOR = """
import subprocess, sys
total, cores = map(int, sys.argv[1:])
code = "import hashlib; h = hashlib.sha256(); b = bytes(1 << 20); [h.update(b) for _ in range(%d)]"
workers = [subprocess.Popen([sys.executable, "-I", "-S", "-c", code % (total // cores >> 20)]) for _ in range(cores)]
[worker.wait() for worker in workers]
"""


def size_of_files(prefix: Path) -> int:
    return sum(path.stat().st_size for path in prefix.rglob("*") if path.is_file())


def add_libraries(prefix: Path, lock: Path) -> None:
    """Add a package of libraries to a prefix and to its lock."""
    first = prefix / "lib" / "libbulk_000.so"
    first.write_bytes(bytes(range(256)) * (LIBRARY_SIZE // 256))
    sha256 = hashlib.sha256(first.read_bytes()).hexdigest()
    names = [f"lib/libbulk_{index:03}.so" for index in range(LIBRARIES)]
    for name in names[1:]:
        (prefix / name).hardlink_to(first)
    paths = [
        {"_path": name, "path_type": "hardlink", "sha256": sha256, "size_in_bytes": LIBRARY_SIZE}
        for name in names
    ]
    record = prefix / "conda-meta" / "bulk-1.0-0.json"
    fields = {"name": "bulk", "version": "1.0", "build": "0", "subdir": "noarch", "sha256": "0" * 64}
    fields["url"] = "https://conda.anaconda.org/bulk/noarch/bulk-1.0-0.conda"
    record.write_text(json.dumps(fields | {"files": names, "paths_data": {"paths": paths}}, indent=2))
    locked = cep37.read(lock)
    bulk = parse_record(record.read_bytes()).package
    platforms = {
        name: PackageSet.of([*packages.values(), bulk]) for name, packages in locked.platforms.items()
    }
    cep37.write(replace(locked, platforms=platforms), lock)


def installed(folder: Path) -> tuple[Path, Path, str]:
    """Install the prefix and write its lock; return both, and the platform."""
    here = filled_channel(folder / "channel", PACKAGES)
    records = solve(here, names_of(here))
    install(records, folder / "prefix", folder / "cache")
    cep37.write(lock_of(records, here.subdir), folder / "conda-lock.yml")
    return folder / "prefix", folder / "conda-lock.yml", here.subdir


if __name__ == "__main__":
    main()
