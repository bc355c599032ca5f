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


def read_pins(path: Path = PINS) -> dict[str, Pin]:
    """Read pins.json: the pins by requirement, as the catalogue writes it."""
    return {
        entry["requirement"]: Pin(
            Requirement(entry["requirement"]),
            datetime.fromisoformat(entry["uploaded"].replace("Z", "+00:00")),
            entry["files"],
        )
        for entry in json.loads(path.read_text())
    }


def download(pins: Iterable[Pin], folder: Path) -> None:
    """Fetch this machine's wheel of every pin into ``folder``; raises DownloadError with pip's own words.

    pip takes one version of a project at a time: second versions go in further rounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for lines in _rounds(pins):
        _pip_download(lines, folder)


def wheel_of(pin: Pin, folder: Path) -> Path:
    """Return the one wheel of a release that :func:`download` chose; raises DownloadError where it is not there."""
    here = [folder / name for name in pin.files if (folder / name).is_file()]
    if len(here) != 1:
        raise DownloadError(f"{len(here)} wheels of {pin.requirement} in {folder}, not one")
    return here[0]


def _rounds(pins: Iterable[Pin]) -> list[list[str]]:
    rounds: list[dict[str, str]] = []
    for pin in pins:
        name = pin.requirement.name
        free = next((lines for lines in rounds if name not in lines), None)
        if free is None:
            rounds.append(free := {})
        free[name] = pin.line
    return [list(lines.values()) for lines in rounds]


def _pip_download(lines: Iterable[str], folder: Path) -> None:
    listing = folder / "requirements.txt"
    listing.write_text("".join(f"{line}\n" for line in lines))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", str(folder), "--requirement", str(listing)]
    command += ["--no-cache-dir", "--disable-pip-version-check"]
    done = subprocess.run(command, env=_environment_with_pip(folder), text=True, capture_output=True)
    if done.returncode:
        raise DownloadError(done.stderr.strip() or done.stdout.strip())


def _environment_with_pip(folder: Path) -> dict[str, str]:
    """pip may be absent from a virtual environment that uv made: uv then brings it."""
    if importlib.util.find_spec("pip"):
        return dict(os.environ)
    tools = folder / ".pip"
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(tools), BOOTSTRAP_PIP]
    subprocess.run(command, check=True)
    return dict(os.environ) | {"PYTHONPATH": str(tools)}
