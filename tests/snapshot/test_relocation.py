"""A prefix is where it was built, or was rewritten for where it is; moved and copied ones are no sound environments."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from tests.support.prefixes import Installed, copy_of, moved_copy_of, unpack

from conda_lockstep.packages import Package
from conda_lockstep.snapshot import deep
from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot.claims import Claim
from conda_lockstep.snapshot.relocation import PrefixLocation, fault, restored

PLACEHOLDER = "/opt/placeholder_" + "p" * 200


def details(prefix: Path, *, every_file: bool) -> list[str]:
    contents = prefixes.read_contents(prefix, {})
    found = deep.look(contents).installed if every_file else contents.installed
    return [f"{damage.package.name}: {damage.detail}" for damage in found.inconsistencies]


@pytest.mark.parametrize("every_file", [False, True])
def test_a_prefix_is_sound_where_it_was_built(installed: Installed, every_file: bool) -> None:
    assert details(installed.prefix, every_file=every_file) == []


@pytest.mark.parametrize("every_file", [False, True])
def test_a_copied_prefix_runs_the_python_of_the_original(
    installed: Installed, tmp_path: Path, every_file: bool
) -> None:
    copied = moved_copy_of(installed.prefix, tmp_path / "env")
    found = details(copied, every_file=every_file)
    assert any(line.startswith("pip: ") and str(installed.prefix) in line for line in found)


@pytest.mark.parametrize("every_file", [False, True])
def test_a_moved_prefix_has_dead_programs(installed: Installed, tmp_path: Path, every_file: bool) -> None:
    copied = copy_of(installed.prefix, tmp_path / "env")
    moved = copied.rename(tmp_path / "elsewhere")
    assert details(moved, every_file=every_file)
    assert details(moved.rename(tmp_path / "env"), every_file=every_file) == []


@pytest.mark.parametrize("every_file", [False, True])
def test_a_folder_whose_name_goes_on_is_another_folder(
    installed: Installed, tmp_path: Path, every_file: bool
) -> None:
    moved = copy_of(installed.prefix, tmp_path / "env-2024").rename(tmp_path / "env")
    assert details(moved, every_file=every_file)


@pytest.mark.parametrize("every_file", [False, True])
def test_what_conda_unpack_rewrote_is_right_although_its_bytes_are_not_those_recorded(
    installed: Installed, tmp_path: Path, every_file: bool
) -> None:
    moved = moved_copy_of(installed.prefix, tmp_path / "env")
    unpack(moved, installed.prefix)
    assert details(moved, every_file=every_file) == []


def test_a_rewritten_file_with_another_change_is_not_accepted(installed: Installed, tmp_path: Path) -> None:
    copied = copy_of(installed.prefix, tmp_path / "env")
    for path in (copied / "bin" / "f2py", copied / "bin" / "pip"):
        path.write_bytes(path.read_bytes() + b"import os\n")
    assert len(details(copied, every_file=True)) == 2


def test_a_prefix_that_is_reached_by_a_link_is_where_it_was_built(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(installed.prefix.parent)
    for every_file in (False, True):
        assert details(tmp_path / "alias" / installed.prefix.name, every_file=every_file) == []


def test_a_prefix_that_was_built_by_way_of_a_link_is_where_it_was_built(
    installed: Installed, tmp_path: Path
) -> None:
    """Installers write the path that they were given, which need not be the real one."""
    real = tmp_path / "disk"
    real.mkdir()
    (tmp_path / "data").symlink_to(real)
    moved_copy_of(installed.prefix, tmp_path / "data" / "env")
    unpack(tmp_path / "data" / "env", installed.prefix)
    for every_file in (False, True):
        assert details(tmp_path / "data" / "env", every_file=every_file) == []


@pytest.mark.parametrize(
    ("strings", "name"),
    [
        ([b"%s/lib"], b"/a/env"),
        ([b"%s/lib", b"other", b"%s/share:%s/etc"], b"/home/someone/environments/train"),
        ([b"%s", b"", b"%s/x"], b"/e"),
    ],
)
def test_c_strings_of_a_binary_are_restored_to_what_the_package_had(
    strings: list[bytes], name: bytes
) -> None:
    """conda keeps the length of a binary: what a string lost is filled up with NUL behind its end."""
    placeholder = PLACEHOLDER.encode()
    package = b"\x7fELF\0" + b"".join(s.replace(b"%s", placeholder) + b"\0" for s in strings) + b"tail\0\0"

    def rewritten(match: re.Match[bytes]) -> bytes:
        count = match[0].count(placeholder)
        return match[0].replace(placeholder, name) + b"\0" * (len(placeholder) - len(name)) * count

    here = re.sub(re.escape(placeholder) + rb"[^\0]*\0", rewritten, package)
    assert len(here) == len(package)
    claim = Claim(Package("conda", "a", "1"), "lib/a.so", placeholder=PLACEHOLDER, binary=True)
    assert restored(here, name, claim) == package


def test_a_binary_that_names_another_prefix_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(b"\x7fELF/old/env/lib\0\0\0")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    claim = Claim(Package("conda", "a", "1"), "lib.so", digest, placeholder=PLACEHOLDER, binary=True)
    location = PrefixLocation.of(str(tmp_path), str(tmp_path))
    assert fault(claim, digest, location) == "was written for a prefix in another folder"


def as_conda_writes(record: Path) -> None:
    """Rewrite a record as conda writes it: the package's own paths, no hash of what it makes or links, its byte code.

    Compared, path by path, with a prefix that conda itself (26.7, from its source) installed from a lock.
    """
    fields = json.loads(record.read_text())
    is_noarch = fields.get("noarch") == "python"
    compiled = []
    for entry in fields["paths_data"]["paths"]:
        entry.setdefault("sha256_in_prefix", entry.get("sha256", ""))
        if entry["path_type"] == "unix_python_entry_point":
            del entry["sha256"], entry["sha256_in_prefix"]
        elif entry["path_type"] == "softlink":
            del entry["sha256_in_prefix"]
        if is_noarch:
            compiled += [_compiled(entry["_path"])] if entry["_path"].endswith(".py") else []
            entry["_path"] = re.sub(r"^lib/python3\.\d+/site-packages/", "site-packages/", entry["_path"])
    fields["files"] += compiled
    fields["paths_data"]["paths"] += [
        {"_path": path, "path_type": "pyc_file", "size_in_bytes": 1} for path in compiled
    ]
    record.write_text(json.dumps(fields, indent=2))


def _compiled(module: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-311.pyc"


def conda_prefix(installed: Installed, folder: Path) -> Path:
    prefix = copy_of(installed.prefix, folder)
    for record in (prefix / "conda-meta").glob("*.json"):
        as_conda_writes(record)
    return prefix


def test_records_as_conda_writes_them_are_understood(installed: Installed, tmp_path: Path) -> None:
    prefix = conda_prefix(installed, tmp_path / "env")
    look = deep.look(prefixes.read_contents(prefix, {}))
    assert (look.installed.inconsistencies, look.installed.unowned_files, look.unhashed) == ((), (), 0)


def test_a_change_is_seen_in_a_prefix_that_conda_made(installed: Installed, tmp_path: Path) -> None:
    prefix = conda_prefix(installed, tmp_path / "env")
    (site,) = prefix.glob("lib/python3.*/site-packages")
    for path in (site / "six.py", prefix / "bin" / "tqdm"):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content + b"import os\n")
    (site / "idna" / "core.py").unlink()
    found = details(prefix, every_file=True)
    assert sorted(line.partition(":")[0] for line in found) == ["idna", "six", "tqdm"]
