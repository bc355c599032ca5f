"""Fetches the pinned wheels with pip, every one checked against its sha256."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from packaging.requirements import Requirement

PINS = Path(__file__).with_name("pins.json")
BOOTSTRAP_PIP = "pip==25.0.1"


class DownloadError(Exception):
    """The registry did not give what the pins name."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One release: ``files`` maps the names of its Linux wheels to their sha256."""

    requirement: Requirement
    uploaded: datetime
    files: Mapping[str, str]

    @property
    def needed(self) -> bool:
        """Whether this interpreter is among those that the release is pinned for."""
        return self.requirement.marker is None or self.requirement.marker.evaluate()

    @property
    def line(self) -> str:
        """The release as pip's requirements file has it."""
        hashes = sorted(set(self.files.values()))
        name = Requirement(f"{self.requirement.name}{self.requirement.specifier}")
        return " ".join([str(name), *(f"--hash=sha256:{digest}" for digest in hashes)])


def read_pins() -> dict[Requirement, Pin]:
    """Read pins.json: the pins by requirement."""
    pins = [
        Pin(
            Requirement(entry["requirement"]),
            datetime.fromisoformat(entry["uploaded"].replace("Z", "+00:00")),
            entry["files"],
        )
        for entry in json.loads(PINS.read_text())
    ]
    return {pin.requirement: pin for pin in pins}


def download(pins: Iterable[Pin], folder: Path) -> None:
    """Fetch this machine's wheel of every pin into ``folder``; raises DownloadError with pip's reason.

    pip takes one version of a project at a time: second versions go in further rounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = {pin.requirement: pin.line for pin in pins}
    for requirements in in_rounds(lines):
        _pip_download([lines[requirement] for requirement in requirements], folder)


def wheel_of(pin: Pin, folder: Path) -> Path:
    """Return the one wheel of a release that :func:`download` chose; raises DownloadError where it is not there."""
    here = [folder / name for name in pin.files if (folder / name).is_file()]
    if len(here) != 1:
        raise DownloadError(f"{len(here)} wheels of {pin.requirement} in {folder}, not one")
    return here[0]


def in_rounds(requirements: Iterable[Requirement]) -> list[list[Requirement]]:
    """Part requirements so that no part names a project twice."""
    rounds: list[dict[str, Requirement]] = []
    for requirement in requirements:
        free = next((group for group in rounds if requirement.name not in group), None)
        if free is None:
            rounds.append(free := {})
        free[requirement.name] = requirement
    return [list(group.values()) for group in rounds]


def _pip_download(lines: Iterable[str], folder: Path) -> None:
    listing = folder / "requirements.txt"
    listing.write_text("".join(f"{line}\n" for line in lines))
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-cache-dir"]
    options += ["--disable-pip-version-check", "--dest", str(folder), "--requirement", str(listing)]
    _run(["pip", "download", *options], _environment_with_pip(folder))


def _environment_with_pip(folder: Path) -> dict[str, str]:
    """pip may be absent from a virtual environment that uv made: uv then brings it."""
    if importlib.util.find_spec("pip"):
        return dict(os.environ)
    tools = folder / ".pip"
    if not tools.is_dir():
        _run(["uv", "pip", "install", "--quiet", "--target", str(tools), BOOTSTRAP_PIP], os.environ)
    return {**os.environ, "PYTHONPATH": str(tools)}


def _run(module: list[str], environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        error = next((line for line in said if line.lower().startswith("error")), "".join(said[-1:]))
        raise DownloadError(f"{' '.join(module[:2])} failed: {error}")
