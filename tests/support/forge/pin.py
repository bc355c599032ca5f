"""Asks PyPI for the wheels of the catalogue and writes their names, hashes and upload times to pins.json.

Run as ``python -m tests.support.forge.pin`` after a change of catalogue.py; needs uv and a package registry.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, TypeAlias

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tests.support.forge.archive import write_bytes
from tests.support.forge.catalogue import CHANNEL, HELD_BACK, PYPI
from tests.support.forge.download import PINS, in_rounds

Package: TypeAlias = dict[str, Any]

OLDEST_PYTHON = "3.10"
LINUX_OR_ANY = re.compile(r"-(none-any|(cp3\d\d|abi3)-manylinux.*_(x86_64|aarch64))\.whl$")


def main() -> int:
    """Write pins.json: one entry per release, ``files`` being what a Linux machine may need of it."""
    requirements = [Requirement(line) for line in sorted({*CHANNEL, *HELD_BACK, *PYPI})]
    pins = [pin for group in in_rounds(requirements) for pin in _pins(group)]
    pins.sort(key=lambda pin: str(pin["requirement"]))
    write_bytes(PINS, (json.dumps(pins, indent=1) + "\n").encode())
    print(f"{PINS}: {len(pins)} releases")
    return 0


def _pins(requirements: list[Requirement]) -> list[dict[str, object]]:
    """Ask for releases of different projects at once; the registry's answers come one by one, slowly."""
    packages = {package["name"]: package for package in _compile(requirements)}
    return [_pin(requirement, packages[canonicalize_name(requirement.name)]) for requirement in requirements]


def _pin(requirement: Requirement, package: Package) -> dict[str, object]:
    wheels = {_filename(wheel): wheel for wheel in package["wheels"]}
    wanted = {name: wheel for name, wheel in sorted(wheels.items()) if LINUX_OR_ANY.search(name)}
    uploaded = min(wheel["upload-time"] for wheel in wanted.values())
    return {
        "requirement": str(requirement),
        "uploaded": uploaded.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {name: wheel["hashes"]["sha256"] for name, wheel in wanted.items()},
    }


def _compile(requirements: list[Requirement]) -> list[Package]:
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-deps", "--universal"]
    command += ["--only-binary", ":all:", "--format", "pylock.toml", "--python-version", OLDEST_PYTHON]
    lines = "\n".join(map(str, requirements))
    done = subprocess.run(command, input=lines, text=True, check=True, stdout=subprocess.PIPE)
    packages: list[Package] = tomllib.loads(done.stdout)["packages"]
    return packages


def _filename(wheel: dict[str, str]) -> str:
    return wheel.get("name") or wheel["url"].rpartition("/")[2]


if __name__ == "__main__":
    sys.exit(main())
