"""Asks PyPI for the wheels of the catalogue and writes their names, hashes and upload times to pins.json.

Run as ``python -m tests.support.forge.pin`` after a change of catalogue.py; needs uv and a package registry.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tests.support.forge.archive import write_bytes
from tests.support.forge.catalogue import CHANNEL, HELD_BACK, PYPI

PINS = Path(__file__).with_name("pins.json")
OLDEST_PYTHON = "3.10"
LINUX_OR_ANY = re.compile(r"-(none-any|(cp3\d\d|abi3)-manylinux.*_(x86_64|aarch64))\.whl$")


def main() -> int:
    """Write pins.json: one entry per release, ``files`` being what a Linux machine may need of it."""
    requirements = sorted({*CHANNEL, *HELD_BACK, *PYPI})
    pins = [_pin(requirement) for requirement in requirements]
    write_bytes(PINS, (json.dumps(pins, indent=1) + "\n").encode())
    print(f"{PINS}: {len(pins)} releases")
    return 0


def _pin(requirement: str) -> dict[str, object]:
    pylock = tomllib.loads(_compile(requirement.partition(";")[0]))
    (package,) = pylock["packages"]
    wheels = {_filename(wheel): wheel for wheel in package["wheels"]}
    wanted = {name: wheel for name, wheel in sorted(wheels.items()) if LINUX_OR_ANY.search(name)}
    uploaded = min(wheel["upload-time"] for wheel in wanted.values())
    return {
        "requirement": requirement,
        "uploaded": uploaded.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {name: wheel["hashes"]["sha256"] for name, wheel in wanted.items()},
    }


def _compile(requirement: str) -> str:
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-deps", "--universal"]
    command += ["--only-binary", ":all:", "--format", "pylock.toml"]
    python = "3.14" if requirement.startswith("numpy==2.3") else OLDEST_PYTHON
    command += ["--python-version", python]
    return subprocess.run(command, input=requirement, text=True, check=True, capture_output=True).stdout


def _filename(wheel: dict[str, str]) -> str:
    return wheel.get("name") or wheel["url"].rpartition("/")[2]


if __name__ == "__main__":
    sys.exit(main())
