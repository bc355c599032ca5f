"""The same bytes are the same package: their source is a note, and a finding only on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.prefixes import Installed, copy_of

from conda_lockstep.cli.main import main
from conda_lockstep.drift.compare.sources import as_expected, from_elsewhere, note
from conda_lockstep.drift.compare.verify import failures, verify
from conda_lockstep.packages import Package, PackageSet

SIX = Package(
    "conda", "six", "1.17.0", "pyhe01879c_1", "noarch", "https://conda.anaconda.org/conda-forge",
    "https://conda.anaconda.org/conda-forge/noarch/six-1.17.0-pyhe01879c_1.conda", sha256="a" * 64,
)  # fmt: skip
WHEEL = Package("pip", "tqdm", "4.67", url="https://files.pythonhosted.org/tqdm-4.67.whl", sha256="b" * 64)


def at(package: Package, folder: str) -> Package:
    return package._replace(url=f"{folder}/{package.url.rpartition('/')[2]}", channel=folder)


@pytest.mark.parametrize(
    ("found", "elsewhere"),
    [
        (SIX, False),
        (at(SIX, "https://mirror.example/conda-forge/noarch"), True),
        (at(SIX, "https://conda.anaconda.org/other/noarch"), True),
        (at(SIX, "file:///var/cache/rattler"), True),
        (at(SIX, "https://mirror.example/conda-forge/noarch")._replace(sha256="c" * 64), False),
        (at(SIX, "https://mirror.example/conda-forge/noarch")._replace(sha256=""), False),
        (at(SIX, "https://mirror.example/conda-forge/noarch")._replace(build="pyhe01879c_0"), False),
        (at(WHEEL, "file:///var/cache/wheels"), True),
        (at(WHEEL, "https://pypi.internal/files"), True),
        (WHEEL._replace(url="", sha256=""), False),
    ],
)
def test_equal_bytes_from_another_url_are_the_same_package(found: Package, elsewhere: bool) -> None:
    expected = PackageSet.of([SIX, WHEEL])
    actual = PackageSet.of([SIX, WHEEL, found])
    moved = from_elsewhere(expected, actual)
    assert list(moved) == ([found.key] if elsewhere else [])
    assert (as_expected(actual, expected, moved) == expected) is (elsewhere or found in (SIX, WHEEL))


def test_the_note_names_the_sources_once() -> None:
    moved = {SIX.key: at(SIX, "https://mirror.example/c/noarch"), WHEEL.key: at(WHEEL, "file:///wheels")}
    assert (
        note(moved)
        == "the same bytes from another source for 2 packages: file:///wheels, https://mirror.example/c"
    )


@pytest.mark.parametrize(
    "source", ["https://mirror.example/forge", "https://conda.anaconda.org/unknown", "file:///home/me/.cache"]
)
def test_a_prefix_from_a_mirror_or_a_cache_is_green_unless_sources_are_strict(
    installed: Installed, tmp_path: Path, source: str
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    records = sorted(prefix.glob("conda-meta/*.json"))
    for path in records:
        fields = json.loads(path.read_text())
        fields["url"] = "/".join((source, *fields["url"].rsplit("/", 2)[1:]))
        path.write_text(json.dumps(fields, indent=2))
    command = ["verify", "--prefix", str(prefix), "--lock", str(installed.lock_file), "--ignore-machine"]
    for depth in ([], ["--deep"], ["--gpu-libraries"]):
        assert main([*command, *depth]) == 0
        assert main([*command, *depth, "--strict-source"]) == 1
    (found,) = verify(prefix, installed.lock_file).comparisons
    assert found.rows == ()
    assert found.notes[-1].startswith(f"the same bytes from another source for {len(records)} packages: ")


def test_other_bytes_from_another_source_are_a_finding(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    (path,) = prefix.glob("conda-meta/tqdm-*.json")
    fields = json.loads(path.read_text())
    fields |= {"url": f"https://mirror.example/forge/noarch/{fields['fn']}", "sha256": "0" * 64}
    path.write_text(json.dumps(fields, indent=2))
    assert [row.subject for row in failures(verify(prefix, installed.lock_file))] == ["tqdm"]
