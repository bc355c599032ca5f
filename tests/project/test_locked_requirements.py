"""``requirements/`` locks what the Action and CI install: whole, hashed, and what ``pyproject.toml`` declares."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.corpus import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LOCKS = {"action.txt": ("build",), "ci.txt": ("dev",)}
"""Each lock, and the dependency groups that are in it beside the extra ``all``."""
DOCUMENT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
MACHINES = [
    {
        "sys_platform": platform,
        "platform_system": system,
        "python_version": version,
        "python_full_version": f"{version}.9",
    }
    for platform, system in (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))
    for version in ("3.10", "3.11", "3.12", "3.13", "3.14")
]


class Pin(NamedTuple):
    """An entry of a lock: one version, where it holds, and the hashes of its files."""

    name: str
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]


def pins(lock: str) -> Iterator[Pin]:
    text = (REPOSITORY / "requirements" / lock).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", "")):
        if entry and not entry.startswith("#"):
            head, *hashes = re.split(r"\s+--hash=", entry.strip())
            requirement = Requirement(head)
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            yield Pin(
                canonicalize_name(requirement.name), specifier.version, requirement.marker, tuple(hashes)
            )


def declared(groups: tuple[str, ...]) -> Iterator[Requirement]:
    """Yield what the extra ``all`` and some groups ask for, directly."""
    project = DOCUMENT["project"]
    for entries in (project["dependencies"], *project["optional-dependencies"].values()):
        yield from (Requirement(entry) for entry in entries if not entry.startswith("conda-lockstep"))
    for group in groups:
        for entry in DOCUMENT["dependency-groups"][group]:
            if isinstance(entry, str):
                yield Requirement(entry)
            else:
                yield from declared((entry["include-group"],))


def holds(marker: Marker | None, machine: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(machine)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_sha256_hashes_and_the_file_names_no_host_and_no_path(lock: str) -> None:
    found = list(pins(lock))
    assert len(found) > 20
    for pin in found:
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in pin.hashes), pin
    text = (REPOSITORY / "requirements" / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|^\s*-[^-]|--(?!hash=sha256:)|/", text, re.MULTILINE)
    assert text.splitlines()[1].endswith("make requirements")


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda machine: "-".join((machine["sys_platform"], machine["python_version"]))
)
@pytest.mark.parametrize("lock", LOCKS)
def test_on_every_machine_of_ci_each_declared_requirement_has_one_pin_in_its_range(
    lock: str, machine: dict[str, str]
) -> None:
    here = [pin for pin in pins(lock) if holds(pin.marker, machine)]
    chosen = {pin.name: pin for pin in here}
    assert len(chosen) == len(here)
    for requirement in declared(LOCKS[lock]):
        if holds(requirement.marker, machine):
            pin = chosen.get(canonicalize_name(requirement.name))
            assert pin, f"run: make requirements ({requirement} is not locked)"
            assert requirement.specifier.contains(pin.version, prereleases=True), (
                f"run: make requirements ({requirement})"
            )


def test_ci_tests_with_the_versions_that_the_action_installs() -> None:
    ours, theirs = ({(pin.name, pin.version) for pin in pins(lock)} for lock in LOCKS)
    assert ours <= theirs


def test_the_build_backend_is_locked_for_the_action_as_the_build_declares_it() -> None:
    (backend,) = (Requirement(entry) for entry in DOCUMENT["build-system"]["requires"])
    assert backend in [Requirement(entry) for entry in DOCUMENT["dependency-groups"]["build"]]
