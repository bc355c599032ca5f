"""Packages, records and snapshots are not trusted: no path leads out of a prefix, no text ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.conda.package_path import is_inside
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import BuildOptions, sync_environment
from conda_lockstep.install.fetch.contents import PackagePaths, PythonLayout, of_conda, refuse_links_below
from conda_lockstep.packages import Package
from tests.install.test_sync import built as built
from tests.install.test_sync import packages as packages
from tests.install.test_sync import prefix as prefix
from tests.install.test_sync import record

LAYOUT = PythonLayout("lib/python3.11/site-packages", "bin", "include/python3.11")
EVIL = Package("conda", "evil", "1", "0", "noarch", "forge", "https://c.org/noarch/evil-1-0.conda")

OUTSIDE = ["../x", "a/../../x", "/etc/passwd", "..", "", "C:/x", "..\\x", "\\\\host\\x", "a\0b", "a/.."]
INSIDE = ["a", "a/b.py", "a..b/c", "...", "lib/.x", "a/ b", "ü"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_leads_out_of_the_prefix_is_refused_before_anything_is_linked(path: str) -> None:
    assert not is_inside(path)
    with pytest.raises(LockstepError, match=r"installs '.*', which is outside of the prefix"):
        of_conda(EVIL, [{"_path": path, "path_type": "hardlink"}], b"", LAYOUT)


@pytest.mark.parametrize("path", INSIDE)
def test_an_odd_path_inside_of_the_prefix_is_taken(path: str) -> None:
    assert of_conda(EVIL, [{"_path": path, "path_type": "hardlink"}], b"", LAYOUT).paths == {path: ""}


@pytest.mark.parametrize("path", ["site-packages/../../../../x", "python-scripts/../../x"])
def test_a_noarch_package_cannot_leave_its_folders(path: str) -> None:
    link = json.dumps({"noarch": {"type": "python"}}).encode()
    with pytest.raises(LockstepError, match="outside of the prefix"):
        of_conda(EVIL, [{"_path": path}], link, LAYOUT)


def test_an_entry_point_cannot_be_a_path() -> None:
    link = json.dumps({"noarch": {"type": "python", "entry_points": ["../../x = evil:main"]}}).encode()
    with pytest.raises(LockstepError, match="outside of the prefix"):
        of_conda(EVIL, [], link, LAYOUT)


def test_a_package_cannot_write_through_a_link_that_it_brings() -> None:
    entries: list[dict[str, object]] = [
        {"_path": "lib/out", "path_type": "softlink"},
        {"_path": "lib/out/x", "path_type": "hardlink"},
    ]
    with pytest.raises(LockstepError, match="installs 'lib/out/x' through its own link 'lib/out'"):
        of_conda(EVIL, entries, b"", LAYOUT)


def test_a_package_cannot_write_through_a_link_that_another_brings() -> None:
    linking = PackagePaths(EVIL, {"out": ""}, frozenset({"out"}))
    writing = PackagePaths(Package("conda", "other", "1"), {"out/deep/x": ""})
    with pytest.raises(LockstepError, match="other 1 installs files through 'out', a link of evil 1"):
        refuse_links_below([linking, writing])


@pytest.mark.parametrize("path", ["../outside.txt", "{outside}"])
def test_a_record_cannot_have_files_outside_of_the_prefix_removed(prefix, packages, world, tmp_path, path):
    outside = prefix.parent / "outside.txt"
    outside.write_text("mine")
    changed = record(prefix, "six")
    fields = json.loads(changed.read_text())
    path = path.format(outside=outside)
    fields["files"].append(path)
    fields["paths_data"]["paths"].append({"_path": path, "path_type": "hardlink", "sha256": "0" * 64})
    changed.write_text(json.dumps(fields, indent=2))
    sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert outside.read_text() == "mine"
    assert str(path) not in record(prefix, "six").read_text()


DEEP = "[" * 100_000
RECORDS = {
    "nested deeply": DEEP,
    "a deep field": f'{{"name": "six", "version": "1", "x": {DEEP}',
    "no object": "[]",
    "no text": "\x00\x01",
    "no UTF-8": "\udcff",
    "infinite": '{"name": "six", "version": "1", "size": 1e999, "timestamp": -1e999}',
    "a surrogate": '{"name": "\\ud800", "version": "\\udfff", "build": "\\ud800"}',
    "types": '{"name": "six", "version": "1", "files": 7, "paths_data": {"paths": {"a": 1}}, "depends": {}}',
    "odd paths": '{"name": "six", "version": "1", "paths_data": {"paths": [1, {"_path": 7}, {"_path": "\\u0000"}]}}',
    "negative": '{"name": "six", "version": "1", "size": -1, "timestamp": -99999999999999999999}',
    "a huge number": '{"name": "six", "version": "1", "size": ' + "9" * 5000 + "}",
    "a huge name": '{"name": "' + "x" * 100_000 + '", "version": "1"}',
}


@pytest.mark.parametrize("options", [(), ("--deep",)], ids=["plain", "deep"])
@pytest.mark.parametrize("text", RECORDS.values(), ids=RECORDS)
def test_no_record_ends_a_look_in_a_traceback(prefix, packages, world, tmp_path, capsys, text, options):
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.model.lock import Lock

    cep37.write(Lock({world.subdir: packages}), tmp_path / "conda-lock.yml")
    (prefix / "conda-meta" / "odd-1-0.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    status = main(["verify", "--prefix", str(prefix), "--lock", str(tmp_path / "conda-lock.yml"), *options])
    assert status == 1  # the prefix is looked at, and differs
    assert "odd" in capsys.readouterr().out


SNAPSHOTS = [DEEP, "{" + '"a":{' * 50_000, "[]", "null", "1e999", '{"kind": "snapshot"}', "\x00"]


@pytest.mark.parametrize("text", SNAPSHOTS, ids=range(len(SNAPSHOTS)))
def test_no_snapshot_ends_a_comparison_in_a_traceback_or_as_drift(tmp_path: Path, capsys, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert main(["diff", str(tmp_path / "a.json"), str(tmp_path / "a.json")]) == 2
    assert capsys.readouterr().err.startswith("lockstep: ")
