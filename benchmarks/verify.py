"""``lockstep verify`` of a real 100-package prefix against starting Python at all.

The prefix is installed by py-rattler from the forge's channel: a CPython, NumPy and all else that is there,
filled up with generated packages, one of them with as many files as PyTorch.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._harness import compare
from tests.support.forge import Draft, Forge, Member, build_forge
from tests.support.prefixes import install, lock_of, solve

from conda_lockstep.lock import cep37

PACKAGES = 100
FILES, FILES_OF_THE_LARGEST = 60, 12_000
RELEASED = datetime(2025, 1, 1, tzinfo=timezone.utc)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prefix, lock, platform = installed(Path(folder))
        python, records = sys.executable, list((prefix / "conda-meta").glob("*.json"))
        size = sum(record.stat().st_size for record in records)
        print(f"{len(records)} packages, {size / 1e6:.1f} MB of conda-meta, {platform}")
        code = "from conda_lockstep.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
        verify = [python, "-I", "-c", code, "verify", "--prefix", str(prefix), "--lock", str(lock)]
        compare(
            f"verify of a {len(records)}-package prefix",
            {
                "python -I -c pass": [python, "-I", "-c", "pass"],
                "lockstep --help": [python, "-I", "-c", code, "--help"],
                "lockstep verify": verify,
            },
        )


def installed(folder: Path) -> tuple[Path, Path, str]:
    """Install the prefix and write its lock; return both, and the platform."""
    forge = build_forge()
    channel = forge.copy(folder / "channel")
    names = {record.name for record in forge.records()} - {"pytorch-cpu"}
    channel.add(*drafts(PACKAGES - len(names)))
    here = Forge(channel.root, forge.pypi, forge.python_version, forge.subdir, forge.held_back)
    records = solve(here, sorted({record.name for record in here.records()} - {"pytorch-cpu"}))
    install(records, folder / "prefix", folder / "cache")
    cep37.write(lock_of(records, forge.subdir), folder / "conda-lock.yml")
    return folder / "prefix", folder / "conda-lock.yml", forge.subdir


def drafts(number: int) -> Iterator[Draft]:
    for index in range(number):
        name = f"filling-{index:03}"
        files = FILES_OF_THE_LARGEST if index == 0 else FILES
        yield Draft(
            name,
            "1.0",
            "pyh0_0",
            RELEASED,
            noarch="python",
            depends=("python",),
            members=tuple(members(name, files)),
        )


def members(name: str, files: int) -> Iterator[Member]:
    """Yield a distribution as wheels have them: modules, metadata, and a RECORD with a hash for each."""
    module, info = name.replace("-", "_"), f"site-packages/{name.replace('-', '_')}-1.0.dist-info"
    contents = {
        f"site-packages/{module}/module_{index:05}.py": f"INDEX = {index}\n".encode()
        for index in range(files)
    }
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    contents[f"{info}/INSTALLER"] = b"conda"
    lines = [f"{path.partition('/')[2]},sha256={digest(data)},{len(data)}" for path, data in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*lines, ""]).encode()
    yield from (Member(path, data) for path, data in contents.items())


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
