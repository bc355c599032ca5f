"""The one list of the ways by which code gets in before a job's first line is the documentation, too."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.corpus import REPOSITORY
from tests.support.prefixes import Installed, copy_of

from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot.startup import loader
from conda_lockstep.snapshot.startup.context import Context
from conda_lockstep.snapshot.startup.ways import WAYS


def test_the_documented_ways_are_those_that_are_looked_at() -> None:
    text = (REPOSITORY / "docs" / "nodes.md").read_text()
    rows = [f"| {way.place} | {way.effect} | [source]({way.source}) |" for way in WAYS]
    start = text.index("| file or variable | effect | source |")
    documented = [line for line in text[start:].partition("\n\n")[0].splitlines() if line.startswith("|")]
    assert documented[2:] == rows


def test_every_way_has_a_look_and_a_source_of_its_own() -> None:
    assert len({way.look for way in WAYS}) == len(WAYS) == len({way.place for way in WAYS})
    assert all(way.source.startswith("https://") for way in WAYS)


def test_a_sound_prefix_has_nothing_to_report(installed: Installed) -> None:
    assert prefixes.read(installed.prefix, {}).unowned_files == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("# nothing\n", []),
        ("/usr/lib/libsnoopy.so\n", ["present"]),
        ("/opt/lib/libz.so.1 # ours\n", ["shadows"]),
        ("/usr/lib/a.so:/opt/lib/libz.so.1", ["shadows"]),
    ],
)
def test_libraries_that_the_machine_preloads_are_compared_with_those_of_the_prefix(
    tmp_path: Path, text: str, kinds: list[str]
) -> None:
    (tmp_path / "env" / "lib").mkdir(parents=True)
    (tmp_path / "env" / "lib" / "libz.so.1").touch()
    (tmp_path / "etc").mkdir()
    (tmp_path / loader.PRELOAD_FILE).write_text(text)
    context = Context(str(tmp_path / "env"), {}, {}, lambda paths: paths, str(tmp_path))
    assert [found.kind for found in loader.preload_file(context)] == kinds


@pytest.mark.parametrize(
    ("file", "hides"), [("six/__init__.py", True), ("six.py", True), ("six/part.py", False)]
)
def test_python_agrees_on_what_a_folder_of_pythonpath_hides(
    installed: Installed, tmp_path: Path, file: str, hides: bool
) -> None:
    place = tmp_path / "path" / file
    place.parent.mkdir(parents=True)
    place.touch()
    environ = {"PYTHONPATH": str(tmp_path / "path"), "HOME": str(tmp_path)}
    command = [installed.prefix / "bin" / "python", "-c", "import six; print(six.__file__)"]
    loaded = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    assert loaded.startswith(str(tmp_path)) is hides
    kinds = [found.kind for found in prefixes.read(installed.prefix, environ).unowned_files]
    assert ("shadows" in kinds) is hides


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "env")
    site = next(prefix.glob("lib/python3.*/site-packages"))
    for path in (prefix / "conda-meta" / "state", prefix / "conda-meta" / "a-1-0.json", site / "a.pth"):
        os.mkfifo(path)
    assert prefixes.read(prefix, {}).inconsistencies
